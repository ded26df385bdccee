#include "fleet/state.hpp"

#include <algorithm>
#include <array>

namespace fleet {
namespace {

enum class Outcome { as_it_was, changed, failed };

struct Row {
  State state;
  std::string_view name;
  std::string_view meaning;
  Outcome outcome;
};

constexpr std::array<Row, 16> rows{{
    {State::left_out, "left-out", "left out by params.only, exclude or limit", Outcome::as_it_was},
    {State::current, "current", "current already", Outcome::as_it_was},
    {State::rolled_back, "rolled-back", "rolled back", Outcome::changed},
    {State::rebased, "rebased", "rebased", Outcome::changed},
    {State::rebuilt, "rebuilt", "rebuilt", Outcome::changed},
    {State::planned, "planned", "to be moved", Outcome::as_it_was},
    {State::pinned, "pinned", "pinned", Outcome::as_it_was},
    {State::other_base, "another-base", "on another base", Outcome::as_it_was},
    {State::untouched, "untouched", "untouched, since the put was stopped", Outcome::failed},
    {State::unfinished, "unfinished", "still under way", Outcome::failed},
    {State::moved, "moved", "moved by another meanwhile", Outcome::as_it_was},
    {State::not_rebasable, "not-rebasable", "not rebasable", Outcome::as_it_was},
    {State::no_base, "no-base", "without a base for their platform", Outcome::as_it_was},
    {State::refused, "refused", "refused by the registry", Outcome::failed},
    {State::unreadable, "unreadable", "unreadable", Outcome::failed},
    {State::failed, "failed", "failed", Outcome::failed},
}};

const Row& row_of(State state) {
  return *std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.state == state; });
}

constexpr auto listed = [] {
  std::array<State, rows.size()> result{};
  std::transform(rows.begin(), rows.end(), result.begin(), [](const Row& row) { return row.state; });
  return result;
}();

}  // namespace

std::span<const State> states() { return listed; }

std::string_view name_of(State state) { return row_of(state).name; }

std::optional<State> state_named(std::string_view name) {
  const auto* found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.name == name; });
  if (found == rows.end()) return std::nullopt;
  return found->state;
}

std::string_view meaning_of(State state) { return row_of(state).meaning; }
bool is_failure(State state) { return row_of(state).outcome == Outcome::failed; }
bool is_change(State state) { return row_of(state).outcome == Outcome::changed; }

}  // namespace fleet
