#include "fleet/operation.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "base/error.hpp"
#include "concourse/inputs.hpp"

namespace fleet {

std::string link_of(const FleetRecord& record) { return fmt::format("{} put #{}", record.record, record.number); }

StoredFleet read_earlier(const Operation& operation) {
  const auto directory = concourse::input_directory(operation.inputs, operation.params.rollback, "params.rollback");
  const auto digest = registry::Digest::parse(concourse::first_line(directory / "fleet"));
  if (!digest) {
    throw base::Error(base::ErrorKind::usage,
                      {"use params.rollback", operation.params.rollback, "the directory has no file fleet",
                       "name the directory of a get of this fleet, at the version to go back to"});
  }
  // Not from the directory's files: the registry's bytes have the digest, those may have been changed by a task.
  return read_fleet(operation.client, operation.source.record, *digest);
}

void Patience::note(State state) {
  if (is_failure(state)) ++failures_;
}

Verdict Patience::verdict() const {
  return {State::untouched, fmt::format("the put was stopped after {} failures", failures_.load())};
}

void Latencies::note(State state, base::SteadyTime now) {
  if (!is_change(state)) return;
  const std::lock_guard lock(mutex_);
  seconds_.push_back(std::chrono::duration<double>(now - began_).count());
}

std::optional<Latency> Latencies::summary() const {
  const std::lock_guard lock(mutex_);
  if (seconds_.empty()) return std::nullopt;
  auto sorted = seconds_;
  std::sort(sorted.begin(), sorted.end());
  const auto percentile = [&](double p) {
    const auto rank = static_cast<std::size_t>(std::ceil(p * static_cast<double>(sorted.size())));
    return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
  };
  return Latency{"start", percentile(0.5), percentile(0.95)};
}

}  // namespace fleet
