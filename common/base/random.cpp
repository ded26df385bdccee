#include "base/random.hpp"

#include <cerrno>
#include <sys/random.h>

#include "base/error.hpp"

namespace base {
namespace {

class SystemRandom final : public Random {
 public:
  std::uint64_t next() override {
    std::uint64_t value = 0;
    while (getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value)) {
      if (errno != EINTR) throw system_error("read", "random bytes", errno);
    }
    return value;
  }
};

}  // namespace

Random& system_random() {
  static SystemRandom random;
  return random;
}

std::string random_name(Random& random, std::size_t digits) {
  static constexpr std::string_view alphabet = "0123456789abcdef";
  std::string name;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (i % 16 == 0) bits = random.next();
    name += alphabet[bits & 15U];
    bits >>= 4U;
  }
  return name;
}

}  // namespace base
