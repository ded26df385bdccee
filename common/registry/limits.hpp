// How much of one registry host is used at a time: the one place that says so. The session keeps to it whatever its
// callers do; loops over many requests take their width from here, since more threads would only wait.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace registry {

struct HostLimits {
  // Requests that carry no blob. Each waits for a round trip and little else, so many at a time make up for HTTP/1.1,
  // which has one request on a connection; at 24 ms a round trip 300 tags then cost 0.3 s. Connections are made as
  // they are needed and used again.
  std::size_t questions = 32;
  // Blobs on their way, in either direction: a few fill any line.
  std::size_t transfers = 6;
  // Writes in a minute (POST, PUT, PATCH, DELETE), where an operator bounds them; nothing: as many as the host takes,
  // which it says by 429 (http/pacing.hpp).
  std::optional<double> writes_per_minute = std::nullopt;
};

// A blob of `size` bytes goes on as long as its requests bring so many; what brings less (a connection that breaks at
// once, a trickle) is one of few.
[[nodiscard]] constexpr std::uint64_t worthwhile(std::uint64_t size) {
  return std::clamp<std::uint64_t>(size / 20, 1, 64ULL * 1024);
}

}  // namespace registry
