// The wait for the Build that answers a put: decision.hpp says which one, this loop acts on it and says what it waits
// for.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "kpack/decision.hpp"
#include "kpack/scene.hpp"

namespace kpack {

struct Patience {
  base::SteadyTime deadline;
  std::chrono::milliseconds timeout{0};  // that it came from, for people
  // A builder that is being made is there within this time.
  std::chrono::milliseconds for_builder{60'000};
  FieldNames fields = {};
};

struct Awaited {
  std::uint64_t build = 0;
  bool is_new = true;  // false: no build was needed, this one had built it before
};

// Annotates a Build; false: it is gone.
using Trigger = std::function<bool(const Build& newest)>;

// Error{usage} for a put that was superseded, an Image that was deleted, a builder that is not there in time;
// {transient} for the timeout, with what was waited for.
[[nodiscard]] Awaited await_build(Aim aim, Scene& scene, const Trigger& trigger, const Patience& patience,
                                  base::Log& log);

// The error for a deadline that has passed.
[[nodiscard]] base::Error timed_out(const std::string& image, const Patience& patience, const std::string& waited_for);

[[nodiscard]] const Build* find_build(const Observation& seen, std::uint64_t number);

}  // namespace kpack
