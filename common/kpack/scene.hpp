// What is seen of an Image, its Builds and the pod of one of them while time goes by: the seam between the decisions
// and the watches that feed them.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/random.hpp"
#include "kpack/decision.hpp"
#include "kpack/pod.hpp"
#include "kubernetes/client.hpp"

namespace kpack {

class Scene {
 public:
  virtual ~Scene() = default;
  [[nodiscard]] virtual const Observation& seen() const = 0;
  // The pod that is watched; nothing: it is not there, or not known yet.
  [[nodiscard]] virtual const std::optional<Pod>& pod() const = 0;
  // Whether it is known by now if there is one, or never will be.
  [[nodiscard]] virtual bool is_pod_known() const = 0;
  // From here on this pod is watched, too.
  virtual void watch_pod(const std::string& name) = 0;
  // From here on the Image is not watched any more: its Build goes on, whatever becomes of it.
  virtual void leave_image() = 0;
  // Returns when something new was seen, or after `longest`; whether something was. Throws what ended a watch of the
  // Image or of its Builds.
  virtual bool wait(std::chrono::milliseconds longest) = 0;
};

// What was read before the watches begin, and from where they go on.
struct SceneStart {
  Observation seen;
  std::string image_version;
  std::string builds_version;
};

// By watches of the API, each on a thread of its own; they end with the scene. A pod that may not be watched is told as
// a warning, once: its build can be waited for all the same.
[[nodiscard]] std::unique_ptr<Scene> make_scene(kubernetes::Client& client, const Image& image, SceneStart start,
                                                base::Random& random, base::Log& log);

}  // namespace kpack
