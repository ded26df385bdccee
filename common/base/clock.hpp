// Time as a seam: the wall clock for what people read, the steady one for how long things took, and waiting.
#pragma once

#include <chrono>
#include <string>

namespace base {

using WallTime = std::chrono::sys_seconds;
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime now() const = 0;
  [[nodiscard]] virtual SteadyTime steady_now() const = 0;
  // Waits; throws Aborted at once when the step is told to end meanwhile.
  virtual void sleep(std::chrono::milliseconds duration) = 0;
};

[[nodiscard]] Clock& system_clock();

// "2026-01-31T12:00:00Z" (RFC 3339, UTC).
[[nodiscard]] std::string rfc3339(WallTime time);
// "2026-01-31 12:00:00 UTC" of RFC 3339 in UTC, with or without parts of a second; another text as it is.
[[nodiscard]] std::string readable_time(const std::string& rfc3339);
// "850 ms", "4.2 s", "3 min 05 s".
[[nodiscard]] std::string human_duration(std::chrono::milliseconds duration);
// "312 B", "84.1 kB", "1.2 GB" (powers of 1000, as registries and disks are sold).
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);

}  // namespace base
