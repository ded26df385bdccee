#include "image/layers.hpp"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file_descriptor.hpp"
#include "base/parallel.hpp"
#include "base/write_all.hpp"

namespace image {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t most_transfers = registry::HostLimits{}.transfers;

class ConcurrentLayers final : public Layers {
 public:
  ConcurrentLayers(registry::Client& client, registry::Repository repository, std::vector<registry::Descriptor> layers,
                   std::filesystem::path directory)
      : client_(client),
        repository_(std::move(repository)),
        layers_(std::move(layers)),
        directory_(std::move(directory)),
        workers_(most_transfers) {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      waiting_.push_back(workers_.submit([this, i] { return fetch(i); }));
    }
  }

  ~ConcurrentLayers() override { cancelled_ = true; }  // the workers wait for what has begun
  void cancel() override { cancelled_ = true; }
  ConcurrentLayers(const ConcurrentLayers&) = delete;
  ConcurrentLayers& operator=(const ConcurrentLayers&) = delete;

  std::filesystem::path wait(std::size_t index) override { return waiting_.at(index).get(); }

 private:
  std::filesystem::path fetch(std::size_t index) {
    auto path = directory_ / fmt::format("layer-{}", index);
    const base::FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) throw base::system_error("create", path.string(), errno);
    client_.stream_blob(repository_, layers_[index], [&](std::string_view bytes) {
      if (cancelled_) throw Error(ErrorKind::internal, {"fetch", "a layer", "another one failed", ""});
      base::write_all(file.get(), bytes, path);
    });
    return path;
  }

  registry::Client& client_;
  registry::Repository repository_;
  std::vector<registry::Descriptor> layers_;
  std::filesystem::path directory_;
  std::atomic<bool> cancelled_ = false;
  std::vector<base::Pending<std::filesystem::path>> waiting_;
  base::Workers workers_;  // last: it uses all the rest
};

}  // namespace

std::unique_ptr<Layers> fetch_layers(registry::Client& client, const registry::Repository& repository,
                                     const std::vector<registry::Descriptor>& layers,
                                     const std::filesystem::path& directory) {
  return std::make_unique<ConcurrentLayers>(client, repository, layers, directory);
}

}  // namespace image
