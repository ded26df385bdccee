#include "git/attributes.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/error.hpp"

namespace git {
namespace {

constexpr std::string_view blanks = " \t\r\n";
// git's own bounds (attr.h): what is beyond them is passed over.
constexpr std::size_t longest_line = 2048;
constexpr std::size_t largest_file = 100UL << 20U;
// Every line is held against every path.
constexpr std::size_t most_lines = 100'000;

std::string_view take_word(std::string_view& text) {
  const auto word = text.substr(0, text.find_first_of(blanks));
  text.remove_prefix(word.size());
  return word;
}

void skip_blanks(std::string_view& text) { text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size())); }

bool is_name(std::string_view name) {
  const auto is_character = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  return !name.empty() && !name.starts_with('-') && !name.starts_with("builtin_") &&
         std::all_of(name.begin(), name.end(), is_character);
}

std::optional<char> unescaped(char c) {
  constexpr std::string_view letters = "abfnrtv\\\"";
  constexpr std::string_view meant = "\a\b\f\n\r\t\v\\\"";
  const auto at = letters.find(c);
  return at == std::string_view::npos ? std::nullopt : std::optional(meant[at]);
}

// A text in double quotes as C has them, with octal escapes of three digits (quote.c); nothing, and `text` as it was,
// where the quotes or an escape are not complete.
std::optional<std::string> take_quoted(std::string_view& text) {
  std::string result;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return result;
    }
    if (text[i] != '\\') {
      result += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    if (const auto c = unescaped(text[i])) {
      result += *c;
      continue;
    }
    const auto digits = text.substr(i, 3);
    if (digits.size() < 3 || digits[0] > '3' || digits.find_first_not_of("01234567") != std::string_view::npos) {
      return std::nullopt;
    }
    result += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + (digits[2] - '0'));
    i += 2;
  }
  return std::nullopt;
}

}  // namespace

Attributes::Attributes() {
  macros_[number_of("binary")] = {{number_of("diff"), {AttributeValue::State::unset, ""}},
                                  {number_of("merge"), {AttributeValue::State::unset, ""}},
                                  {number_of("text"), {AttributeValue::State::unset, ""}}};
}

Attributes::Number Attributes::number_of(std::string_view name) {
  if (const auto found = numbers_.find(name); found != numbers_.end()) return found->second;
  const auto number = static_cast<Number>(names_.size());
  names_.emplace_back(name);
  numbers_.emplace(std::string(name), number);
  return number;
}

bool Attributes::Line::matches(std::string_view path) const {
  if (directory_only) return false;
  if (anchored) return wildmatch(pattern, path, Slashes::special);
  return wildmatch(pattern, path.substr(path.rfind('/') + 1));
}

// "attr", "-attr", "!attr" and "attr=value". One that is not is the end of the whole line.
bool Attributes::parse_assignments(std::string_view text, std::vector<Assignment>& result) {
  using State = AttributeValue::State;
  for (skip_blanks(text); !text.empty(); skip_blanks(text)) {
    auto word = take_word(text);
    AttributeValue value{State::set, ""};
    const auto equals = word.find('=');
    if (word.starts_with('-') || word.starts_with('!')) {
      value.state = word.starts_with('-') ? State::unset : State::unspecified;
      word = word.substr(0, equals).substr(1);
    } else if (equals != std::string_view::npos) {
      value = {State::text, std::string(word.substr(equals + 1))};
      word = word.substr(0, equals);
    }
    if (!is_name(word)) return false;
    result.push_back({number_of(word), std::move(value)});
  }
  return true;
}

std::optional<Attributes::Line> Attributes::parse_line(std::string_view text, Macros macros) {
  if (text.size() >= longest_line) return std::nullopt;
  skip_blanks(text);
  if (text.empty() || text.starts_with('#')) return std::nullopt;
  Line line;
  auto quoted = text.starts_with('"') ? take_quoted(text) : std::nullopt;
  line.pattern = quoted ? *std::move(quoted) : std::string(take_word(text));
  constexpr std::string_view macro_prefix = "[attr]";
  if (line.pattern.starts_with(macro_prefix) && line.pattern.size() > macro_prefix.size()) {
    if (macros == Macros::refused) return std::nullopt;
    std::string_view name = std::string_view(line.pattern).substr(macro_prefix.size());
    skip_blanks(name);
    name = take_word(name);
    if (!is_name(name)) return std::nullopt;
    line.macro = number_of(name);
  } else if (line.pattern.starts_with('!')) {
    return std::nullopt;  // git ignores these
  }
  if (!parse_assignments(text, line.assignments)) return std::nullopt;
  if (line.pattern.ends_with('/')) {
    line.directory_only = true;
    line.pattern.pop_back();
  }
  line.anchored = line.pattern.find('/') != std::string::npos;
  if (line.pattern.starts_with('/')) line.pattern.erase(0, 1);
  return line;
}

void Attributes::read(File& file, std::string_view content, Macros macros) {
  if (content.size() >= largest_file) return;
  content = content.substr(0, content.find('\0'));
  while (!content.empty()) {
    const auto newline = std::min(content.find('\n'), content.size());
    if (auto line = parse_line(content.substr(0, newline), macros)) {
      if (++lines_ > most_lines) {
        throw base::Error(base::ErrorKind::protocol, {"read", ".gitattributes of the repository",
                                                      fmt::format("they have more than {} lines", most_lines), ""});
      }
      file.push_back(*std::move(line));
    }
    content.remove_prefix(std::min(newline + 1, content.size()));
  }
}

// The last definition in a file counts, and that of the top directory before the common one.
void Attributes::define_macros(const File& file) {
  for (const auto& line : file) {
    if (line.macro) macros_.insert_or_assign(*line.macro, line.assignments);
  }
}

void Attributes::add_file(const std::string& directory, std::string_view content) {
  File& file = files_[directory];
  read(file, content, directory.empty() ? Macros::allowed : Macros::refused);
  if (directory.empty()) define_macros(file);
}

void Attributes::add_common_file(std::string_view content) {
  // git passes over the mark in a file of the disk, and not in one of the index.
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (content.starts_with(byte_order_mark)) content.remove_prefix(byte_order_mark.size());
  read(common_, content, Macros::allowed);
  define_macros(common_);
  if (const auto top = files_.find(""); top != files_.end()) define_macros(top->second);
}

Attributes::Values Attributes::of(std::string_view path) const {
  Values result;
  std::vector<bool> known(names_.size());
  std::vector<const Assignment*> open;
  // The last line that says something of an attribute decides; a macro that is set so brings its own along.
  const auto take = [&](const File& file, std::string_view path_in_directory) {
    for (auto line = file.rbegin(); line != file.rend(); ++line) {
      if (line->macro || !line->matches(path_in_directory)) continue;
      for (const auto& assignment : line->assignments) open.push_back(&assignment);
      while (!open.empty()) {
        const Assignment& next = *open.back();
        open.pop_back();
        if (known[next.attribute]) continue;
        known[next.attribute] = true;
        result.insert_or_assign(names_[next.attribute], next.value);
        const auto macro = next.value.is_set() ? macros_.find(next.attribute) : macros_.end();
        if (macro == macros_.end()) continue;
        for (const auto& assignment : macro->second) open.push_back(&assignment);
      }
    }
  };
  for (auto slash = path.rfind('/');; slash = path.substr(0, slash).rfind('/')) {
    const auto directory = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
    if (const auto file = files_.find(directory); file != files_.end()) {
      take(file->second, slash == std::string_view::npos ? path : path.substr(slash + 1));
    }
    if (slash == std::string_view::npos) break;
  }
  take(common_, path);
  return result;
}

}  // namespace git
