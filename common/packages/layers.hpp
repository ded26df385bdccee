// The package databases of an image, read from its layers without unpacking them: each layer is read once, the topmost
// file wins, and whiteouts hide what lower layers brought (image-spec, layer.md). rpm's database is not read.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "archive/reader.hpp"
#include "packages/package_list.hpp"
#include "registry/client.hpp"

namespace packages {

// What one layer says of the databases.
struct LayerFiles {
  std::map<std::string, std::string> files;  // content by path; an empty one hides a lower file
  std::vector<std::string> hidden;           // paths that a whiteout, or something that is not a directory, removes
  std::vector<std::string> emptied;          // directories whose lower content is gone (opaque whiteouts)
  bool has_rpm = false;
};

// Error{protocol} for what is not a layer, or beyond bounds.
[[nodiscard]] LayerFiles scan(archive::Reader& layer);

// The packages of an image, or why they are not known.
struct Installed {
  List list;
  std::string unknown;  // empty: they are known
};

// `layers` from the lowest to the topmost.
[[nodiscard]] Installed merge(const std::vector<const LayerFiles*>& layers);

// Reads images' packages for a comparison. It never fails a step: what cannot be read is an Installed that says why.
// Layers that two images share are fetched once. Threads may share it.
class Inspector {
 public:
  explicit Inspector(registry::Client& client) : client_(client) {}

  [[nodiscard]] Installed read(const registry::Repository& repository, const std::vector<registry::Descriptor>& layers);

 private:
  [[nodiscard]] const LayerFiles& layer(const registry::Repository& repository, const registry::Descriptor& layer);

  registry::Client& client_;
  std::mutex mutex_;
  std::map<registry::Digest, LayerFiles> known_;
};

// How two images differ in their packages, or why that is not known.
struct Comparison {
  Difference difference;
  std::string unknown;
};
[[nodiscard]] Comparison compare(const Installed& before, const Installed& now);

}  // namespace packages
