// A git configuration file that is written (git-config, "CONFIGURATION FILE"): the one place where a text becomes part
// of one. What git or libgit2 could read as anything but the value itself is quoted: a value that ended in a carriage
// return unquoted was another directory when git read it back (CVE-2025-48384).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace git {

class Configuration {
 public:
  Configuration() = default;
  // Error{protocol} naming `object` for a text that git would refuse.
  [[nodiscard]] static Configuration parse(const std::string& text, const std::string& object);

  // "section.key" or "section.any subsection.key", where the outer two are of any case.
  [[nodiscard]] static bool is_name(std::string_view name);

  // The value that counts: the last one.
  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  // The only value of its name. Names are those that is_name() accepts.
  void set(std::string_view name, std::string value);
  // One more value of its name, after those that are there.
  void add(std::string_view name, std::string value);
  void remove(std::string_view name);

  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::pair<std::string, std::string>> settings_;
};

}  // namespace git
