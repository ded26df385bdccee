#include "git/commit.hpp"

#include <limits>

#include "base/error.hpp"
#include "base/number.hpp"
#include "git/encoding.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t id_size = 40;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

std::string_view digits_of(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  return text.substr(0, count);
}

// Seconds; nothing where they are more than a date can be.
std::optional<std::int64_t> seconds_of(std::string_view digits) { return base::parse_whole<std::int64_t>(digits); }

// "+0130" is hours and minutes, whatever their number of digits.
int minutes_of(std::string_view zone) {
  if (zone.empty() || (zone.front() != '+' && zone.front() != '-')) return 0;
  const auto value = seconds_of(digits_of(zone.substr(1))).value_or(0);
  if (value >= std::numeric_limits<int>::max()) return 0;
  const int minutes = static_cast<int>(value / 100 * 60 + value % 100);
  return zone.front() == '-' ? -minutes : minutes;
}

// The number behind the last '>' of a line; empty where there is none.
std::string_view date_at_the_end_of(std::string_view line) {
  const auto bracket = line.rfind('>');
  return bracket == std::string_view::npos ? std::string_view() : digits_of(without_blanks(line.substr(bracket + 1)));
}

std::string_view line_at(std::string_view text) { return text.substr(0, text.find('\n')); }

std::string_view after_line(std::string_view text) {
  const auto newline = text.find('\n');
  return newline == std::string_view::npos ? std::string_view() : text.substr(newline + 1);
}

// The date that git orders by counts only where author and committer are the next two lines: an author whose address
// has a newline in it leaves none (parse_commit_date).
std::int64_t walking_date(std::string_view headers) {
  if (!headers.starts_with("author")) return 0;
  headers = after_line(headers);
  if (!headers.starts_with("committer") || headers.find('\n') == std::string_view::npos) return 0;
  const auto digits = date_at_the_end_of(line_at(headers));
  return digits.empty() ? 0 : seconds_of(digits).value_or(std::numeric_limits<std::int64_t>::max());
}

// "parent <id>\n" and the like; nothing, and `text` as it was, where the next line is another one.
std::optional<ObjectId> take_id(std::string_view& text, std::string_view label) {
  if (!text.starts_with(label)) return std::nullopt;
  const auto id = ObjectId::parse(text.substr(label.size(), id_size));
  const auto end = label.size() + id_size;
  if (!id || end >= text.size() || text[end] != '\n') return std::nullopt;
  text.remove_prefix(end + 1);
  return id;
}

// Texts end where C's do, as for git.
std::string_view up_to_nul(std::string_view text) { return text.substr(0, text.find('\0')); }

struct Headers {
  std::string_view author;
  std::string_view committer;
  std::string_view encoding;
  std::string_view message;
};

Headers read_headers(std::string_view text) {
  Headers headers;
  const auto take = [](std::string_view line, std::string_view label, std::string_view& value) {
    if (line.starts_with(label)) value = line.substr(label.size());
  };
  while (!text.empty()) {
    const auto line = line_at(text);
    text = after_line(text);
    if (line.empty()) {
      headers.message = text;
      break;
    }
    take(line, "author ", headers.author);
    take(line, "committer ", headers.committer);
    take(line, "encoding ", headers.encoding);
  }
  return headers;
}

std::string as_utf8(std::string_view text, std::string_view encoding) {
  if (encoding.empty()) return std::string(text);
  return decoded(text, encoding).value_or(std::string(text));
}

}  // namespace

Signature parse_signature(std::string_view line) {
  Signature result;
  const auto open = line.find('<');
  const auto close = line.find('>', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos) return result;
  auto name = line.substr(0, open);
  while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
  result.name = name;
  result.email = line.substr(open + 1, close - open - 1);
  auto rest = without_blanks(line.substr(line.rfind('>') + 1));
  const auto digits = digits_of(rest);
  rest = without_blanks(rest.substr(digits.size()));
  result.time = seconds_of(digits).value_or(0);
  if (result.time != 0) result.offset = minutes_of(rest);
  return result;
}

Commit parse_commit(const ObjectId& id, std::string_view content) {
  const auto refuse = [&](std::string cause) {
    return Error(ErrorKind::protocol, {"read", "commit " + id.text(), std::move(cause), ""});
  };
  std::string_view text = content;
  auto tree = take_id(text, "tree ");
  if (!tree) throw refuse("it does not begin with the name of a tree");
  Commit commit{id, *std::move(tree), {}, {}, {}, 0, ""};
  while (text.starts_with("parent ")) {
    auto parent = take_id(text, "parent ");
    if (!parent) throw refuse("a parent of it is not the name of an object");
    commit.parents.push_back(*std::move(parent));
  }
  commit.date = walking_date(text);
  const auto headers = read_headers(up_to_nul(text));
  commit.author = parse_signature(as_utf8(headers.author, headers.encoding));
  commit.committer = parse_signature(as_utf8(headers.committer, headers.encoding));
  commit.message = as_utf8(headers.message, headers.encoding);
  return commit;
}

std::optional<Tag> parse_tag(std::string_view content) {
  auto target = take_id(content, "object ");
  if (!target || !content.starts_with("type ")) return std::nullopt;
  content = after_line(content);
  constexpr std::string_view name = "tag ";
  if (!content.starts_with(name) || content.find('\n') == std::string_view::npos) return std::nullopt;
  Tag tag{*std::move(target), std::string(line_at(content).substr(name.size())), 0};
  content = after_line(content);
  if (content.starts_with("tagger ")) tag.date = seconds_of(date_at_the_end_of(line_at(content))).value_or(0);
  return tag;
}

}  // namespace git
