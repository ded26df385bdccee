// Pathspecs (gitglossary, "pathspec"): which paths of a tree are meant. A pattern without special characters means a
// file or all that is below a directory; "*" matches '/', too. Magic: ":!x" and ":^x" exclude, ":/x" is x, and the
// long forms :(top), :(exclude), :(literal), :(glob), :(icase).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "git/wildmatch.hpp"

namespace git {

class Pathspec {
 public:
  // `field` names the list in errors. Paths that match `exclude` are left out; without `include` all others are meant.
  // Error{usage} for magic that is not known, and for paths that leave the repository.
  [[nodiscard]] static Pathspec parse(const std::vector<std::string>& include, const std::vector<std::string>& exclude,
                                      const std::string& include_field, const std::string& exclude_field);

  // Whether it means everything.
  [[nodiscard]] bool everything() const { return include_.empty() && exclude_.empty(); }
  // Whether it means certain paths, and not all but some.
  [[nodiscard]] bool is_narrow() const { return !include_.empty(); }
  [[nodiscard]] bool matches(std::string_view path) const;
  // How many levels of trees decide whether something that is meant has changed ("docs": one, for the root tree names
  // docs and its object). Nothing where a pattern can match at any depth.
  [[nodiscard]] std::optional<unsigned> depth() const;
  // What lies below a directory.
  enum class Below { nothing, something, all };
  [[nodiscard]] Below below(std::string_view directory) const;

 private:
  struct Item {
    std::string pattern;
    Slashes slashes = Slashes::ordinary;
    LetterCase letter_case = LetterCase::exact;
    bool literal = false;
    bool directory_only = false;  // "docs/" means what is below it, and no file docs

    [[nodiscard]] bool matches(std::string_view path) const;
    [[nodiscard]] Below below(std::string_view directory) const;
    [[nodiscard]] std::optional<unsigned> depth() const;

   private:
    // What stands before the first special character, and whether the rest means all that is below a directory.
    [[nodiscard]] std::string_view prefix() const;
    [[nodiscard]] bool means_directory() const;
  };

  void add(std::string_view text, const std::string& field, bool exclude);

  std::vector<Item> include_;
  std::vector<Item> exclude_;
};

}  // namespace git
