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

bool Ending::begin(std::size_t images) {
  if (!base::end_is_asked()) {
    begun_ += images;
    return true;
  }
  say();
  return false;
}

void Ending::say() {
  if (is_said_.exchange(true)) return;
  const auto begun = begun_.load();
  const auto done = done_.load();
  log_.warning(fmt::format("told to end: {} of {} done, {} under way, {} untouched; what is under way gets 4 s", done,
                           total_, begun - done, total_ - begun));
}

Verdict Ending::untouched() { return {State::untouched, "the put was told to end before its turn"}; }

Verdict Ending::cut() {
  return {State::failed, "it was under way when the put was told to end: its tag may or may not be moved"};
}

Latencies::Latencies(const Start& start, std::optional<base::WallTime> pushed) : began_(start.steady) {
  // A clock of another machine may be ahead of ours.
  if (!pushed || *pushed > start.wall) return;
  since_ = "push";
  before_ = std::chrono::duration<double>(start.wall - *pushed).count();
}

void Latencies::note(State state, base::SteadyTime now) {
  if (!is_change(state)) return;
  const std::lock_guard lock(mutex_);
  seconds_.push_back(before_ + std::chrono::duration<double>(now - began_).count());
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
  return Latency{since_, percentile(0.5), percentile(0.95)};
}

}  // namespace fleet
