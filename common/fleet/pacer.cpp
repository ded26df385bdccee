#include "fleet/pacer.hpp"

#include <algorithm>

namespace fleet {

void Pacer::take(const std::string& host, std::uint32_t writes) {
  if (!rate_) return;
  const auto now = clock_.steady_now();
  base::SteadyTime slot;
  {
    const std::lock_guard lock(mutex_);
    auto& next = next_.try_emplace(host, now).first->second;
    slot = std::max(next, now);
    next = slot + std::chrono::microseconds(std::uint64_t{writes} * 60'000'000 / *rate_);
  }
  if (slot > now) clock_.sleep(std::chrono::ceil<std::chrono::milliseconds>(slot - now));
}

}  // namespace fleet
