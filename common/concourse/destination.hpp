// The directory of a get while the get is under way. Concourse keeps what a get has written in its cache: a failed one
// must leave nothing that looks like a result.
#pragma once

#include <filesystem>
#include <set>
#include <string>

namespace concourse {

// Makes the directory where it is missing. Unless keep() was called, the end of its life removes what was made in it
// since; the directory stays, empty as Concourse makes it, and so do entries that were there before. Error{usage} when
// it cannot be made or is not a directory.
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
  std::set<std::filesystem::path> before_;
  bool kept_ = false;
};

}  // namespace concourse
