// The wait until kpack has brought a change to each Image of the fleet: what is seen is judged by kpack/rebuild.hpp,
// and here it becomes entries of the record, lines for people, and an end.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fleet/operation.hpp"
#include "fleet/progress.hpp"
#include "kpack/inventory.hpp"
#include "kpack/rebuild.hpp"

namespace fleet {

// One Image of the fleet.
struct Followed {
  kpack::ImageName name;
  kpack::RebuildAim aim;
  FleetImage entry;
  bool is_done = false;       // its entry says what became of it
  std::string waits_for;      // for people, without what is its alone
  std::uint64_t running = 0;  // the number of its Build that runs; 0: none
  base::SteadyTime running_since;
};

// An image by digest as the record has it: kpack writes hosts as the wire has them (index.docker.io). Empty for what is
// not one, or is of another repository.
[[nodiscard]] std::string image_in(const std::string& image, const std::string& repository);

struct WaitOptions {
  std::int64_t generation = 0;  // of the target as it was written
  base::SteadyTime began;
  std::chrono::seconds longest{};
  bool trigger_failed = false;
};

class RebuildWait {
 public:
  RebuildWait(kubernetes::Client& cluster, const WaitOptions& options, std::vector<Followed>& images,
              Latencies& latencies, base::Log& log);

  // Judges each Image by what is seen now; whether all are done.
  bool look(const kpack::Inventory& seen);
  // Until all are done or the time is over. Throws what ended a watch, and Aborted.
  void wait(kpack::Overview& overview);
  // What is not done stays so: said, and written to the entries.
  void give_up(const std::string& why);

 private:
  void judge(Followed& image, const kpack::Inventory& seen);
  void take(Followed& image, const kpack::Rebuild& rebuild, const kpack::Inventory& seen);
  void fail(Followed& image, const kpack::Rebuild& rebuild, const kpack::Build* build);
  void done(Followed& image, State state, const std::string& reason);
  // Whether a builder or the target has failed for so long that nothing is to be expected of it.
  bool is_given_up(const std::string& what, const kpack::Settling& settling);
  [[nodiscard]] std::string obstacle_of(const Followed& image, const kpack::Build& build);
  void look_at_pods(const kpack::Inventory& seen);
  void tell();

  kubernetes::Client& cluster_;
  WaitOptions options_;
  std::vector<Followed>& images_;
  Latencies& latencies_;
  base::Log& log_;
  Progress progress_;
  std::map<std::string, base::SteadyTime> failing_since_;  // by target or builder
  // What keeps pods of Builds, by namespace and Build; and when that was asked for last.
  std::map<kpack::ImageName, std::string> pods_;
  std::optional<base::SteadyTime> pods_read_;
  bool may_see_pods_ = true;
  std::map<std::string, std::string> quotas_;  // by namespace
  // What was told, when it was met first and told last.
  struct Told {
    base::SteadyTime began;
    std::optional<base::SteadyTime> said;
  };
  std::map<std::string, Told> told_;
};

}  // namespace fleet
