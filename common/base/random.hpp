// Randomness as a seam, for jitter and names; never for keys.
#pragma once

#include <cstdint>
#include <string>

namespace base {

class Random {
 public:
  virtual ~Random() = default;
  [[nodiscard]] virtual std::uint64_t next() = 0;
  // In [0, 1).
  [[nodiscard]] double fraction() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }
};

// From the kernel (getrandom).
[[nodiscard]] Random& system_random();

// Lower-case hexadecimal digits.
[[nodiscard]] std::string random_name(Random& random, std::size_t digits = 12);

}  // namespace base
