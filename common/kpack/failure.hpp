// How a build failed: which step, with which exit code, and whether the source is to blame or what builds it. A pure
// reading of the pod where it is still there, else of the Build alone.
#pragma once

#include <optional>
#include <string>

#include "kpack/objects.hpp"
#include "kpack/pod.hpp"

namespace kpack {

enum class Blame {
  source,          // a buildpack failed on it, or none wants it
  infrastructure,  // the cluster, the registry, the network, a limit of the pod
  unknown,
};

struct Failure {
  std::string step;  // empty: no step has failed, or none is known
  std::optional<int> exit_code;
  Blame blame = Blame::unknown;
  std::string cause;    // one line
  bool quotes = false;  // whether the cause ends with the step's own last words
  std::string remedy;   // may be empty
};

[[nodiscard]] Failure failure_of(const Build& build, const std::optional<Pod>& pod);

// "the source", "the infrastructure"; empty for unknown.
[[nodiscard]] std::string_view name_of(Blame blame);

}  // namespace kpack
