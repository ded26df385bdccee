// What a put of a fleet does beside writing its record: a rebase or a way back. Each fills the record's images.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/termination.hpp"
#include "concourse/context.hpp"
#include "fleet/params.hpp"
#include "fleet/plan.hpp"
#include "fleet/record.hpp"
#include "fleet/source.hpp"
#include "fleet/store.hpp"
#include "registry/client.hpp"
#include "registry/limits.hpp"

namespace fleet {

// When the put began, by both clocks.
struct Start {
  base::SteadyTime steady;
  base::WallTime wall;
};

struct Operation {
  const Source& source;
  const PutParams& params;
  const std::filesystem::path& inputs;
  registry::Client& client;
  concourse::Context& context;
  base::Log& log;
  Start start;
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

// What happens to images when the put is told to end (SIGTERM): none begins any more, those under way get a few seconds
// to be finished, and the record says what became of each. Threads share it.
class Ending {
 public:
  Ending(base::Log& log, std::size_t total) : log_(log), total_(total) {}

  // What `work` gives; or `otherwise` with the verdict of an image that did not begin, or that did not end in its time.
  template <class Result, class Work>
  Result run(std::size_t images, const Work& work, const std::function<Result(Verdict)>& otherwise) {
    if (!begin(images)) return otherwise(untouched());
    try {
      auto result = work();
      done_ += images;
      if (base::end_is_asked()) say();
      return result;
    } catch (const base::Aborted&) {
      return otherwise(cut());
    }
  }

 private:
  [[nodiscard]] bool begin(std::size_t images);
  void say();  // once
  [[nodiscard]] static Verdict untouched();
  [[nodiscard]] static Verdict cut();

  base::Log& log_;
  std::size_t total_;
  std::atomic<std::size_t> begun_ = 0;
  std::atomic<std::size_t> done_ = 0;
  std::atomic<bool> is_said_ = false;
  base::Reprieve reprieve_{std::chrono::seconds(4)};
};

// For the record and the summary of a put that was told to end; Concourse kills ten seconds after it told.
inline constexpr std::chrono::seconds last_words{9};

// How long after the base's push, or else the put's start, each image was moved. Threads share it.
class Latencies {
 public:
  // `pushed`: when the base was, where the registry tells it.
  Latencies(const Start& start, std::optional<base::WallTime> pushed);
  void note(State state, base::SteadyTime now);
  // By the nearest rank; nothing where no image was moved.
  [[nodiscard]] std::optional<Latency> summary() const;

 private:
  base::SteadyTime began_;
  std::string since_ = "start";
  double before_ = 0;  // seconds from the push to the start
  mutable std::mutex mutex_;
  std::vector<double> seconds_;
};

}  // namespace fleet
