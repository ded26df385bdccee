#include "git/describe.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "git/wildmatch.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

// Words as a shell splits them, with single and double quotes and backslashes; nothing is expanded.
std::vector<std::string> words_of(std::string_view text, const std::string& field) {
  std::vector<std::string> words;
  std::string word;
  bool inside = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      inside = true;
    } else if (c == '\\' && i + 1 < text.size()) {
      word += text[++i];
      inside = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (inside) words.push_back(std::exchange(word, {}));
      inside = false;
    } else {
      word += c;
      inside = true;
    }
  }
  if (quote != 0) throw Error(ErrorKind::usage, {"read", field, "a quote is not closed", ""});
  if (inside) words.push_back(word);
  return words;
}

unsigned number(const std::string& text, const std::string& option, const std::string& field) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > 1000) {
    throw Error(ErrorKind::usage, {"read", field, fmt::format("{} needs a number", option), ""});
  }
  return value;
}

// libgit2 knows one pattern and none to exclude. So it is shown a repository with the same objects, and those refs
// alone that the patterns choose.
class ChosenRefs {
 public:
  ChosenRefs(const WorkingCopy& copy, git_repository* whole, const DescribeOptions& options)
      : directory_("describe", copy.git_directory()) {
    const auto& path = directory_.path();
    for (const char* name : {"refs", "objects/info"}) std::filesystem::create_directories(path / name);
    base::write_file(path / "HEAD", "ref: refs/heads/none\n");
    base::write_file(path / "objects/info/alternates",
                     std::filesystem::absolute(copy.git_directory() / "objects").string() + "\n");
    if (const auto shallow = base::read_file_if_exists(copy.git_directory() / "shallow")) {
      base::write_file(path / "shallow", *shallow);
    }
    base::write_file(path / "packed-refs", packed_refs(whole, options));
    require(made(repository_, [&](git_repository** out) { return git_repository_open_bare(out, path.c_str()); }),
            "open", path.string());
  }

  [[nodiscard]] git_repository* repository() const { return repository_.get(); }

 private:
  static std::string packed_refs(git_repository* whole, const DescribeOptions& options) {
    git_strarray names{};
    require(git_reference_list(&names, whole), "read", "the refs of the checkout");
    std::string text = "# pack-refs with: \n";
    const std::vector<std::string> all(names.strings, names.strings + names.count);
    git_strarray_dispose(&names);
    for (const auto& name : all) {
      git_oid id;
      if (is_chosen(name, options) && git_reference_name_to_id(&id, whole, name.c_str()) == 0) {
        text += fmt::format("{} {}\n", to_id(id).text(), name);
      }
    }
    return text;
  }

  static bool is_chosen(std::string_view name, const DescribeOptions& options) {
    for (const std::string_view prefix : {"refs/tags/", "refs/heads/", "refs/remotes/"}) {
      if (!name.starts_with(prefix)) continue;
      const auto shortened = name.substr(prefix.size());
      const auto matches = [&](const std::string& pattern) { return wildmatch(pattern, shortened); };
      return (options.match.empty() || std::any_of(options.match.begin(), options.match.end(), matches)) &&
             std::none_of(options.exclude.begin(), options.exclude.end(), matches);
    }
    return false;
  }

  base::TemporaryDirectory directory_;
  RepositoryHandle repository_;
};

}  // namespace

DescribeOptions DescribeOptions::parse(std::string_view text, const std::string& field) {
  DescribeOptions options;
  const auto words = words_of(text, field);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    const std::string option = words[i].substr(0, equals);
    const auto value = [&]() -> std::string {
      if (equals != std::string::npos) return words[i].substr(equals + 1);
      if (i + 1 < words.size()) return words[++i];
      throw Error(ErrorKind::usage, {"read", field, fmt::format("{} needs a value", option), ""});
    };
    if (option == "--always") {
      options.fallback = Fallback::abbreviated_id;
    } else if (option == "--dirty" || option == "--broken") {
      // The checkout is always clean.
    } else if (option == "--tags") {
      options.candidates = Candidates::all_tags;
    } else if (option == "--all") {
      options.candidates = Candidates::all_refs;
    } else if (option == "--long") {
      options.long_form = Long::always;
    } else if (option == "--first-parent") {
      options.parents = Parents::first;
    } else if (option == "--exact-match") {
      options.most_candidates = 0;
    } else if (option == "--candidates") {
      options.most_candidates = number(value(), option, field);
    } else if (option == "--abbrev") {
      options.abbreviation = number(value(), option, field);
      options.without_id = options.abbreviation == 0;
    } else if (option == "--match") {
      options.match.push_back(value());
    } else if (option == "--exclude") {
      options.exclude.push_back(value());
    } else {
      throw Error(ErrorKind::usage, {"read", field, fmt::format("{} is not supported here", option),
                                     "use --always, --tags, --all, --long, --first-parent, --exact-match, "
                                     "--candidates, --abbrev, --match, --exclude"});
    }
  }
  return options;
}

std::optional<std::string> describe(const WorkingCopy& copy, const ObjectId& commit, const DescribeOptions& options) {
  const auto whole = copy.open();
  const auto chosen = options.match.empty() && options.exclude.empty()
                          ? std::nullopt
                          : std::optional<ChosenRefs>(std::in_place, copy, whole.get(), options);
  git_repository* repository = chosen ? chosen->repository() : whole.get();
  const git_oid oid = to_oid(commit);
  ObjectHandle object;
  require(made(object, [&](git_object** out) { return git_object_lookup(out, repository, &oid, GIT_OBJECT_COMMIT); }),
          "read", "commit " + commit.text());
  git_describe_options describing = GIT_DESCRIBE_OPTIONS_INIT;
  describing.max_candidates_tags = options.most_candidates;
  describing.describe_strategy =
      static_cast<unsigned>(options.candidates == DescribeOptions::Candidates::all_refs   ? GIT_DESCRIBE_ALL
                            : options.candidates == DescribeOptions::Candidates::all_tags ? GIT_DESCRIBE_TAGS
                                                                                          : GIT_DESCRIBE_DEFAULT);
  describing.only_follow_first_parent = options.parents == DescribeOptions::Parents::first ? 1 : 0;
  describing.show_commit_oid_as_fallback = options.fallback == DescribeOptions::Fallback::abbreviated_id ? 1 : 0;
  Handle<git_describe_result, git_describe_result_free> result;
  const int code =
      made(result, [&](git_describe_result** out) { return git_describe_commit(out, object.get(), &describing); });
  if (code == GIT_ENOTFOUND) return std::nullopt;
  require(code, "describe", "commit " + commit.text());
  git_describe_format_options format = GIT_DESCRIBE_FORMAT_OPTIONS_INIT;
  if (options.abbreviation != 0 || options.without_id) format.abbreviated_size = options.abbreviation;
  format.always_use_long_format = options.long_form == DescribeOptions::Long::always ? 1 : 0;
  git_buf buffer = GIT_BUF_INIT;
  const int formatted = git_describe_format(&buffer, result.get(), &format);
  std::string text = formatted < 0 || buffer.ptr == nullptr ? "" : std::string(buffer.ptr, buffer.size);
  git_buf_dispose(&buffer);
  require(formatted, "describe", "commit " + commit.text());
  return text;
}

}  // namespace git
