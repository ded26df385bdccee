// The log of a build as people read it: step after step in the pod's order, a heading over each, the lines as they are.
// It runs on a thread of its own, and is told of the pod by the one that watches.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/cancellation.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "kpack/pod.hpp"
#include "kubernetes/client.hpp"

namespace kpack {

class BuildLog {
 public:
  BuildLog(kubernetes::Client& client, std::string space, base::Random& random, base::Log& log)
      : client_(client), space_(std::move(space)), random_(random), log_(log) {}

  // What is known of the pod now; nothing: it is gone.
  void update(const std::optional<Pod>& pod);
  // The build has ended: no step begins any more.
  void end();

  // Shows the log until all that there is was shown; for the thread. What it cannot show is told as a warning, and no
  // reason to fail. Throws Cancelled.
  void run(const std::shared_ptr<const base::Cancellation>& cancellation);

  // The last line that a step wrote, as it was shown; empty: none was seen.
  [[nodiscard]] std::string last_line(const std::string& step);

 private:
  enum class Start { ready, over, other_pod };
  [[nodiscard]] Start wait_for(const std::string& uid, std::size_t step, const base::Cancellation& cancellation);
  [[nodiscard]] std::optional<Pod> wait_for_pod(const std::string& other_than, const base::Cancellation& cancellation);
  [[nodiscard]] bool has_ended(const std::string& uid, const std::string& step);
  void show_steps(const Pod& pod, const std::shared_ptr<const base::Cancellation>& cancellation);
  void show_step(const Pod& pod, const std::string& step,
                 const std::shared_ptr<const base::Cancellation>& cancellation);

  kubernetes::Client& client_;
  std::string space_;
  base::Random& random_;
  base::Log& log_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::optional<Pod> pod_;
  bool is_over_ = false;
  std::map<std::string, std::string> last_lines_;
};

}  // namespace kpack
