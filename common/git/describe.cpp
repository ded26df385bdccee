#include "git/describe.hpp"

#include <charconv>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "base/error.hpp"

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
    } else if (option == "--match" && options.pattern.empty()) {
      options.pattern = value();
    } else {
      throw Error(
          ErrorKind::usage,
          {"read", field, fmt::format("{} is not supported here", option),
           "use --always, --tags, --all, --long, --first-parent, --exact-match, --candidates, --abbrev, --match"});
    }
  }
  return options;
}

std::optional<std::string> describe(const WorkingCopy& copy, const ObjectId& commit, const DescribeOptions& options) {
  const auto repository = copy.open();
  const git_oid oid = to_oid(commit);
  ObjectHandle object;
  require(
      made(object, [&](git_object** out) { return git_object_lookup(out, repository.get(), &oid, GIT_OBJECT_COMMIT); }),
      "read", "commit " + commit.text());
  git_describe_options describing = GIT_DESCRIBE_OPTIONS_INIT;
  describing.max_candidates_tags = options.most_candidates;
  describing.describe_strategy =
      static_cast<unsigned>(options.candidates == DescribeOptions::Candidates::all_refs   ? GIT_DESCRIBE_ALL
                            : options.candidates == DescribeOptions::Candidates::all_tags ? GIT_DESCRIBE_TAGS
                                                                                          : GIT_DESCRIBE_DEFAULT);
  describing.pattern = options.pattern.empty() ? nullptr : options.pattern.c_str();
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
