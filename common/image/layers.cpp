#include "image/layers.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <fmt/format.h>

#include "archive/spool.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"

namespace image {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t most_transfers = registry::HostLimits{}.transfers;
// How many layers are fetched before their turn: what waits takes memory, and with hundreds of layers too much of it.
constexpr std::size_t ahead = 32;

class ConcurrentLayers final : public Layers {
 public:
  ConcurrentLayers(registry::Client& client, registry::Repository repository, std::vector<registry::Descriptor> layers,
                   const std::filesystem::path& directory)
      : client_(client), repository_(std::move(repository)), layers_(std::move(layers)), workers_(most_transfers) {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      spools_.emplace_back(directory / fmt::format("layer-{}", i), line_);
    }
    begin(ahead);
  }

  ~ConcurrentLayers() override { ConcurrentLayers::cancel(); }  // the workers wait for what has begun
  ConcurrentLayers(const ConcurrentLayers&) = delete;
  ConcurrentLayers& operator=(const ConcurrentLayers&) = delete;

  void cancel() override {
    cancelled_ = true;
    for (auto& spool : spools_) spool.abandon();
  }

  std::unique_ptr<archive::Input> open(std::size_t index) override {
    auto& spool = spools_.at(index);
    begin(index + ahead);
    if (workers_.threads() == 0) {
      // The whole at once: nobody reads meanwhile, so nothing is gained by waiting for room.
      line_.is_narrow = true;
      fetch(index);
    }
    return spool.open();
  }

  void require_whole(std::size_t index) override {
    spools_.at(index).abandon();
    spools_.at(index).wait();
  }

 private:
  // Has the layers before `end` fetched.
  void begin(std::size_t end) {
    for (; begun_ < std::min(end, layers_.size()); ++begun_) {
      static_cast<void>(workers_.submit([this, index = begun_] { fetch(index); }));
    }
  }

  void fetch(std::size_t index) {
    auto& spool = spools_[index];
    try {
      client_.stream_blob(repository_, layers_[index], [&](std::string_view bytes) {
        if (cancelled_) throw Error(ErrorKind::internal, {"fetch", "a layer", "another one failed", ""});
        spool.write(bytes);
      });
      spool.end();
    } catch (...) {
      spool.end(std::current_exception());
    }
  }

  registry::Client& client_;
  registry::Repository repository_;
  std::vector<registry::Descriptor> layers_;
  archive::Line line_;
  std::deque<archive::Spool> spools_;  // where they are, they stay
  std::atomic<bool> cancelled_ = false;
  std::size_t begun_ = 0;
  base::Workers workers_;  // last: it uses all the rest
};

}  // namespace

std::unique_ptr<Layers> fetch_layers(registry::Client& client, const registry::Repository& repository,
                                     const std::vector<registry::Descriptor>& layers,
                                     const std::filesystem::path& directory) {
  return std::make_unique<ConcurrentLayers>(client, repository, layers, directory);
}

}  // namespace image
