// Large objects of a store's packs, read piece by piece (gitformat-pack): libgit2 holds each object whole in memory.
// Git itself makes no deltas of what is larger than core.bigFileThreshold (512 MiB unless a server says otherwise), so
// what is really large lies in a pack as it is, only compressed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/file_descriptor.hpp"
#include "git/object_id.hpp"

namespace git {

class PackReader {
 public:
  // The packs that are in the directory now. Error{internal} for a disk that refuses.
  explicit PackReader(const std::filesystem::path& directory);

  // A blob that is stored whole: where, and how large.
  struct Place {
    std::size_t pack = 0;
    std::uint64_t offset = 0;  // of its compressed content
    std::uint64_t size = 0;
  };
  // Nothing for what is not there, is not a blob, or is a delta.
  [[nodiscard]] std::optional<Place> find_whole_blob(const ObjectId& id) const;

  // The content, in pieces of some hundred kilobytes. Error{protocol} for damaged data; what `receive` throws.
  void read(const Place& place, const std::function<void(std::string_view)>& receive) const;

 private:
  struct Pack {
    std::filesystem::path path;
    base::FileDescriptor index;
    base::FileDescriptor content;
    std::uint32_t objects = 0;
  };

  [[nodiscard]] static std::optional<std::uint64_t> offset_in(const Pack& pack, std::string_view name);

  std::vector<Pack> packs_;
};

}  // namespace git
