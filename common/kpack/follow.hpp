// The wait for one Build to end: its reasons first, its log as it comes, what it waits for, and how it ended.
#pragma once

#include <optional>
#include <string>

#include "kpack/await.hpp"
#include "kpack/failure.hpp"
#include "kpack/scene.hpp"
#include "kubernetes/client.hpp"

namespace kpack {

// The Build when it has succeeded. Error{usage} when it failed: with the step, its exit code, its last line, and whose
// fault it is; {not_found} when it was deleted; {transient} for the timeout.
[[nodiscard]] Build follow_build(std::uint64_t number, Scene& scene, kubernetes::Client& client,
                                 const Patience& patience, base::Random& random, base::Log& log);

}  // namespace kpack
