#include "buildpacks/toml_depth.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace buildpacks {
namespace {

// Reads the tokens of TOML in one pass and without recursion.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool exceeds(std::size_t bound) {
    bound_ = bound;
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;  // a byte order mark
    while (skip_to_statement()) {
      const bool understood = peek() == '[' ? header() : statement();
      if (exceeded_) return true;
      if (!understood) return false;
    }
    return false;
  }

  // Where it stands; the text's size where there is none.
  std::size_t find_bare_character() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    while (!at_end() && static_cast<unsigned char>(text_[at_]) < 0x80) {
      const char c = text_[at_];
      if (c == '#') {
        skip_line();
      } else if (c == '"' || c == '\'') {
        skip_text();
      } else {
        ++at_;
      }
    }
    return at_;
  }

 private:
  struct Bracket {
    bool is_table;      // "{", where keys stand; else "["
    std::size_t depth;  // of what stands inside, without its own keys
  };

  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }

  void note(std::size_t depth) { exceeded_ = exceeded_ || depth > bound_; }

  void skip_blanks() {
    while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  // Over one character, and with a backslash over the one that it stands before.
  void skip_character(char quote) { at_ = std::min(at_ + (text_[at_] == '\\' && quote == '"' ? 2 : 1), text_.size()); }

  void skip_line() { at_ = std::min(text_.find('\n', at_), text_.size()); }

  // Over blanks, newlines and comments, as between statements and inside of lists.
  void skip_space() {
    while (!at_end()) {
      const char c = text_[at_];
      if (c == '#') {
        skip_line();
      } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        ++at_;
      } else {
        return;
      }
    }
  }

  bool skip_to_statement() {
    skip_space();
    return !at_end();
  }

  static bool is_bare(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;  // TOML 1.1; a parser that knows 1.0 refuses them
  }

  // A text in quotes; of several lines where three quotes open it.
  void skip_text() {
    const char quote = text_[at_];
    const auto three = std::string(3, quote);
    if (text_.substr(at_).starts_with(three)) {
      at_ += 3;
      skip_to_end_of_long_text(quote, three);
      return;
    }
    ++at_;
    while (!at_end() && text_[at_] != quote && text_[at_] != '\n') skip_character(quote);
    if (peek() == quote) ++at_;
  }

  void skip_to_end_of_long_text(char quote, std::string_view end) {
    while (!at_end() && !text_.substr(at_).starts_with(end)) skip_character(quote);
    at_ = std::min(at_ + end.size(), text_.size());
    for (int extra = 0; extra < 2 && peek() == quote; ++extra) ++at_;  // """ends in quotes"""""
  }

  // The number of names in a dotted key; 0 for what is not a key.
  std::size_t key() {
    for (std::size_t names = 0;;) {
      skip_blanks();
      const auto before = at_;
      if (peek() == '"' || peek() == '\'') {
        skip_text();
      } else {
        while (!at_end() && is_bare(text_[at_])) ++at_;
      }
      if (at_ == before) return 0;
      ++names;
      note(names);
      skip_blanks();
      if (peek() != '.') return names;
      ++at_;
    }
  }

  bool header() {
    while (peek() == '[') ++at_;
    table_depth_ = key();
    note(table_depth_);
    if (table_depth_ == 0 || peek() != ']') return false;
    while (peek() == ']') ++at_;
    return true;
  }

  bool statement() {
    open_.clear();
    if (!member(table_depth_)) return false;
    while (!open_.empty()) {
      if (exceeded_ || !inside()) return false;
    }
    return true;
  }

  // "key = value", or the beginning of the value when it opens a bracket.
  bool member(std::size_t depth) {
    const auto names = key();
    if (names == 0 || peek() != '=') return false;
    ++at_;
    skip_blanks();
    return value(depth + names);
  }

  bool value(std::size_t depth) {
    note(depth);
    const char c = peek();
    if (c == '[' || c == '{') {
      ++at_;
      // A list is a level, and its values are one more.
      open_.push_back({c == '{', c == '{' ? depth : depth + 1});
      note(open_.size());
      return true;
    }
    if (c == '"' || c == '\'') {
      skip_text();
      return true;
    }
    const auto before = at_;
    at_ = std::min(text_.find_first_of(",]}#\r\n", at_), text_.size());
    return at_ != before;
  }

  // The next of what stands inside of the innermost bracket.
  bool inside() {
    skip_space();
    const auto bracket = open_.back();
    const char c = peek();
    if (c == ',') {
      ++at_;
      return true;
    }
    if (c == (bracket.is_table ? '}' : ']')) {
      ++at_;
      open_.pop_back();
      return true;
    }
    return bracket.is_table ? member(bracket.depth) : value(bracket.depth);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t bound_ = 0;
  std::size_t table_depth_ = 0;
  std::vector<Bracket> open_;
  bool exceeded_ = false;
};

}  // namespace

bool nests_too_deep(std::string_view toml) { return Scanner(toml).exceeds(deepest_toml); }

std::size_t line_of_bare_character(std::string_view toml) {
  const auto at = Scanner(toml).find_bare_character();
  if (at >= toml.size()) return 0;
  return 1 + static_cast<std::size_t>(std::count(toml.begin(), toml.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

}  // namespace buildpacks
