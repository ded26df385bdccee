// Commits and tags as they are stored: what is read is what the bytes say, and whatever a malformed one holds can be
// shown.
#include <string>

#include "fuzz/fuzzing.hpp"
#include "git/commit.hpp"

namespace {

const git::ObjectId& some_id() {
  static const auto id = *git::ObjectId::parse("0123456789012345678901234567890123456789");
  return id;
}

void check_commit(std::string_view text) {
  fuzz::answers([&] {
    const auto commit = git::parse_commit(some_id(), text);
    fuzz::require(text.starts_with("tree " + commit.tree.text() + "\n"), "a commit begins with its tree");
    for (const auto& parent : commit.parents) {
      fuzz::require(text.find("parent " + parent.text() + "\n") != std::string_view::npos,
                    "a parent stands in the text");
    }
    for (const auto* who : {&commit.author, &commit.committer}) {
      fuzz::require(who->name.find('\n') == std::string::npos, "a name is one line");
      fuzz::require(who->email.find('\n') == std::string::npos, "an address is one line");
    }
  });
}

void check_tag(std::string_view text) {
  fuzz::answers([&] {
    const auto tag = git::parse_tag(text);
    if (!tag) return;
    fuzz::require(text.find("object " + tag->target.text()) == 0, "a tag begins with its object");
    fuzz::require(tag->name.find('\n') == std::string::npos, "a tag's name is one line");
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  check_commit(text);
  check_tag(text);
  return 0;
}
