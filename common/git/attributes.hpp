// What the .gitattributes files of a tree say of its paths (gitattributes(5)), as git reads them when it checks a tree
// out: lines with quoted patterns, macros, and the order in which one line overrides another. libgit2's own reader
// knows less, and a file then differs from git's without a word.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "git/wildmatch.hpp"

namespace git {

struct AttributeValue {
  enum class State { unspecified, set, unset, text } state = State::unspecified;
  std::string text;

  [[nodiscard]] bool is_set() const { return state == State::set; }
  [[nodiscard]] bool is_unset() const { return state == State::unset; }
  [[nodiscard]] bool is(std::string_view value) const { return state == State::text && text == value; }
  friend bool operator==(const AttributeValue&, const AttributeValue&) = default;
};

class Attributes {
 public:
  Attributes();

  // The content of the .gitattributes file in a directory ("" is the top). Files may come in any order. Error{protocol}
  // for more lines than are looked at in reasonable time.
  void add_file(const std::string& directory, std::string_view content);
  // Of all repositories (core.attributesFile): what a .gitattributes file says overrides it.
  void add_common_file(std::string_view content);

  // No file says anything.
  [[nodiscard]] bool empty() const { return lines_ == 0; }

  // Of a file, by the names of attributes. Those that are not there are not specified.
  using Values = std::map<std::string_view, AttributeValue>;
  [[nodiscard]] Values of(std::string_view path) const;

 private:
  using Number = std::uint32_t;  // of an attribute
  struct Assignment {
    Number attribute = 0;
    AttributeValue value;
  };
  struct Line {
    std::optional<Number> macro;  // "[attr]name ..."
    std::string pattern;
    bool anchored = false;  // with a '/' in it: the whole path, not the last component, is matched
    bool directory_only = false;
    std::vector<Assignment> assignments;

    [[nodiscard]] bool matches(std::string_view path_in_directory) const;
  };
  using File = std::vector<Line>;
  enum class Macros { allowed, refused };

  void read(File& file, std::string_view content, Macros macros);
  std::optional<Line> parse_line(std::string_view text, Macros macros);
  bool parse_assignments(std::string_view text, std::vector<Assignment>& result);
  Number number_of(std::string_view name);
  void define_macros(const File& file);

  std::vector<std::string> names_;
  std::map<std::string, Number, std::less<>> numbers_;
  std::map<Number, std::vector<Assignment>> macros_;  // of the file that counts most
  std::map<std::string, File, std::less<>> files_;    // by directory
  File common_;
  std::size_t lines_ = 0;
};

}  // namespace git
