// What a put of a fleet does beside writing its record: a rebase or a way back. Each fills the record's images.
#pragma once

#include <atomic>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "concourse/context.hpp"
#include "fleet/params.hpp"
#include "fleet/plan.hpp"
#include "fleet/record.hpp"
#include "fleet/source.hpp"
#include "fleet/store.hpp"
#include "registry/client.hpp"
#include "registry/limits.hpp"

namespace fleet {

struct Operation {
  const Source& source;
  const PutParams& params;
  const std::filesystem::path& inputs;
  registry::Client& client;
  concourse::Context& context;
  base::Log& log;
  base::SteadyTime began;
  const std::optional<StoredFleet>& standing;  // the record of the last put
};

// How many images are looked at, and moved, at a time.
inline constexpr std::size_t lanes = registry::HostLimits{}.questions;

void rebase(const Operation& operation, FleetRecord& record);
void roll_back(const Operation& operation, FleetRecord& record);

// What kpack's builders are made of, changed; and the wait until each Image is built by that. Where it had to end
// before all were (an abort, a cluster that was lost), what ended it is given back, for it to be thrown once the record
// is written.
[[nodiscard]] std::exception_ptr rebuild(const Operation& operation, FleetRecord& record);

// The version that params.rollback names.
[[nodiscard]] StoredFleet read_earlier(const Operation& operation);

// "registry.example.com/acme/fleet:main put #12", in the build record of each image.
[[nodiscard]] std::string link_of(const FleetRecord& record);

// Counts failures as they come, and says when it is enough of them (params.max_failures).
class Patience {
 public:
  explicit Patience(std::optional<std::uint32_t> most) : most_(most) {}
  void note(State state);
  [[nodiscard]] bool is_over() const { return most_ && failures_ >= *most_; }
  [[nodiscard]] Verdict verdict() const;

 private:
  std::optional<std::uint32_t> most_;
  std::atomic<std::uint32_t> failures_ = 0;
};

// How long after the put's start each image was moved. Threads share it.
class Latencies {
 public:
  explicit Latencies(base::SteadyTime began) : began_(began) {}
  void note(State state, base::SteadyTime now);
  // By the nearest rank; nothing where no image was moved.
  [[nodiscard]] std::optional<Latency> summary() const;

 private:
  base::SteadyTime began_;
  mutable std::mutex mutex_;
  std::vector<double> seconds_;
};

}  // namespace fleet
