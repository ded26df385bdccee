// The directory of a get while the get is under way. Concourse keeps what a get has written in its cache: a failed one
// must leave nothing that looks like a result.
#pragma once

#include <filesystem>
#include <set>
#include <string>

namespace concourse {

// Makes the directory where it is missing. Unless keep() was called, the end of its life removes what was made since,
// also the directory itself; entries that were there before stay. Error{usage} when it cannot be made or is not a
// directory.
class Destination {
 public:
  explicit Destination(std::filesystem::path path);
  ~Destination();
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  std::filesystem::path path_;
  std::filesystem::path topmost_made_;  // empty: the directory was there
  std::set<std::filesystem::path> before_;
  bool kept_ = false;
};

}  // namespace concourse
