// Making the layers of one image and bringing them to its repository: each only hashed when it may be one that is there
// already, else written, hashed, compressed and hashed in one pass, then sent. Threads may share it.
#pragma once

#include <atomic>
#include <map>
#include <string>

#include "archive/gzip_writer.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "lifecycle/app_image.hpp"
#include "lifecycle/layer_set.hpp"
#include "lifecycle/platform.hpp"
#include "registry/client.hpp"

namespace lifecycle {

// By diffID: layers whose blobs the repository has.
using KnownLayers = std::map<std::string, registry::Descriptor>;

struct MadeLayer {
  AddedLayer layer;
  bool reused = false;
};

class LayerMaker {
 public:
  LayerMaker(registry::Client& client, const Platform& platform, registry::Repository repository, KnownLayers known,
             base::Log& log);

  [[nodiscard]] MadeLayer make(const PlannedLayer& planned);

  [[nodiscard]] std::uint64_t uploaded() const { return uploaded_; }

 private:
  [[nodiscard]] std::optional<std::string> unchanged(const PlannedLayer& planned) const;
  void write(const PlannedLayer& planned, archive::TarWriter& tar) const;
  [[nodiscard]] MadeLayer reuse(const PlannedLayer& planned, const std::string& diff_id);
  void upload(const registry::Descriptor& blob, const std::filesystem::path& path);
  [[nodiscard]] std::filesystem::path next_path();

  registry::Client& client_;
  const Platform& platform_;
  registry::Repository repository_;
  KnownLayers known_;
  base::Log& log_;
  base::TemporaryDirectory temporary_{"export"};
  archive::CompressionPool pool_;
  std::atomic<std::uint64_t> uploaded_ = 0;
  std::atomic<unsigned> files_ = 0;
};

// A blob as a file, verified to its last byte.
void fetch_blob(registry::Client& client, const registry::Repository& repository, const registry::Descriptor& blob,
                const std::filesystem::path& path);

}  // namespace lifecycle
