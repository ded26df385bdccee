// The pod of a Build: which containers are steps of the build, how far they are, and what keeps it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "json/value.hpp"
#include "kpack/objects.hpp"

namespace kpack {

struct Pod {
  explicit Pod(const json::Value& object);

  std::string name;
  std::string uid;
  std::string phase;   // "Pending", "Running", "Succeeded", "Failed"
  std::string reason;  // "Evicted", "DeadlineExceeded"; mostly empty
  std::string message;
  Condition scheduled;  // status "False" with a message: no node takes it
  // The steps in the order in which they run, whichever that is; neither sidecars nor what belongs to them.
  std::vector<Step> steps;

  [[nodiscard]] const Step* step(std::string_view name) const;
};

// What the build waits for, as far as the pod tells; nothing: it runs, or is about to.
[[nodiscard]] std::optional<std::string> obstacle_of(const Pod& pod);

// Whether a container is a step of a build: prepare, analyze, detect, restore, build, export, rebase, completion.
[[nodiscard]] bool is_step(std::string_view container);

}  // namespace kpack
