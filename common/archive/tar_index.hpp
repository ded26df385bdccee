// Where the files of a tar archive lie in it, for an archive that is read in another order than its own: headers are
// read by libarchive, contents are passed over. Nothing is unpacked, and what an archive says leads to nothing but the
// archive itself. Error{protocol} for what is not a tar archive, is cut, or holds a path with "..".
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "archive/reader.hpp"

namespace archive {

class TarIndex {
 public:
  struct Member {
    Entry::Type type = Entry::Type::other;
    std::uint64_t offset = 0;  // of its first byte in the archive
    std::uint64_t size = 0;
    // Its bytes do not lie there one after another: GNU tar's form for files with holes.
    bool is_sparse = false;
    std::string target;
    std::size_t number = 0;  // of its entry, from 0
    std::size_t times = 1;   // how often the archive has this name
  };

  // `name` is what errors name. The archive is plain: what is compressed has no places.
  TarIndex(const std::filesystem::path& file, std::string name, const Limits& limits = {});

  enum class Links { refused, followed };
  // The file of this path, "./" before it or not, through links within the archive. Nothing when there is none;
  // Error{protocol} when it is not a regular file, is there more than once, or a link leads out of the archive.
  [[nodiscard]] const Member* find(std::string_view path, Links links) const;

  [[nodiscard]] std::size_t size() const { return members_.size(); }
  // "app/image.tar: it has two files manifest.json".
  [[noreturn]] void refuse(std::string cause) const;

 private:
  void add(const std::string& path, Member member);

  std::string name_;
  std::map<std::string, Member, std::less<>> members_;
};

}  // namespace archive
