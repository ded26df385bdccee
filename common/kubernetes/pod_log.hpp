// One container's log as one stream, whatever becomes of the connections: followed while the container runs, asked for
// again where it was cut, without a line lost or shown twice (log_merger.hpp).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/cancellation.hpp"
#include "base/random.hpp"
#include "kubernetes/client.hpp"
#include "kubernetes/log_merger.hpp"

namespace kubernetes {

struct ContainerName {
  std::string space;
  std::string pod;
  std::string container;
};

enum class LogEnd {
  complete,  // all that the container wrote
  lost,      // the pod is gone, or its log cannot be had any more
};

// `has_ended` says whether the container is known to have ended; it is asked while the log is quiet. Error{denied}
// where the right to read logs is missing. Throws Cancelled.
[[nodiscard]] LogEnd follow_log(Client& client, const ContainerName& name, const std::function<bool()>& has_ended,
                                const LogMerger::Show& show, base::Random& random, base::Log& log,
                                const std::shared_ptr<const base::Cancellation>& cancellation);

}  // namespace kubernetes
