#include "fleet/operation.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace fleet {

std::string link_of(const FleetRecord& record) { return fmt::format("{} put #{}", record.record, record.number); }

void Patience::note(State state) {
  if (is_failure(state)) ++failures_;
}

Verdict Patience::verdict() const {
  return {State::untouched, fmt::format("the put was stopped after {} failures", failures_.load())};
}

double percentile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(p * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

}  // namespace fleet
