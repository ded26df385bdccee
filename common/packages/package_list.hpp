// Which packages an image has installed, as its package manager's own database says, and how two such lists differ.
// Formats: deb-control(5) for dpkg (/var/lib/dpkg/status, and status.d/* of images without dpkg), APKINDEX's fields for
// apk (lib/apk/db/installed). Pure functions; everything in them is an image's word, bounded and taken with leniency:
// what is not understood is left out.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace packages {

// The version of each package by its name; "libc6:i386" where one name is there for several architectures.
using List = std::map<std::string, std::string>;

// Adds the packages of a dpkg database that are installed; those removed with their configuration kept are not.
void add_dpkg(std::string_view database, List& list);
void add_apk(std::string_view database, List& list);

struct Change {
  std::string name;
  std::string before;
  std::string now;
  friend bool operator==(const Change&, const Change&) = default;
};

// Each sorted by name. `before` is empty for what was added, `now` for what was removed.
struct Difference {
  std::vector<Change> changed;
  std::vector<Change> added;
  std::vector<Change> removed;

  [[nodiscard]] bool empty() const { return changed.empty() && added.empty() && removed.empty(); }
};

[[nodiscard]] Difference compare(const List& before, const List& now);

// "openssl 3.0.11-1 -> 3.0.15-1", "added curl 8.5.0-2", "removed wget 1.21.3-1".
[[nodiscard]] std::vector<std::string> lines_of(const Difference& difference);

// "openssl 3.0.11-1 -> 3.0.15-1, tzdata 2024a -> 2025b and 3 more": at most `most` of them.
[[nodiscard]] std::string summary_of(const Difference& difference, std::size_t most);

}  // namespace packages
