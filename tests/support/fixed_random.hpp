// Randomness that a test chooses.
#pragma once

#include "base/random.hpp"

namespace test {

class FixedRandom final : public base::Random {
 public:
  explicit FixedRandom(std::uint64_t value) : value_(value) {}
  [[nodiscard]] std::uint64_t next() override { return value_; }

 private:
  std::uint64_t value_;
};

}  // namespace test
