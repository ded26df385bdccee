// What became of an image of the fleet in one put: one table gives name, order and meaning.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace fleet {

// In the order of the table that a put prints: what needs a person stands last.
enum class State {
  left_out,       // params.only, exclude or limit
  current,        // stands on the run image already
  rolled_back,    // its tag went back to what an earlier version of the fleet had
  rebased,        // its tag names an image on the new run image
  rebuilt,        // kpack built it anew
  planned,        // a dry run: would be rebased or rolled back
  pinned,         // a label or params.pin holds it
  other_base,     // stands on another run image
  untouched,      // the put was stopped before its turn
  unfinished,     // the put ended before kpack had built it
  moved,          // its tag was moved by another since it was read
  not_rebasable,  // cannot be rebased: it needs a build
  no_base,        // there is no new base for its platform, or for one of an index
  refused,        // the registry refused to read or to write it
  unreadable,     // its manifest or configuration is not what it should be, or is not there
  failed,         // the registry could not be reached, or broke in the middle
};

// All of them, in their order.
[[nodiscard]] std::span<const State> states();

// "rebased", "another-base": in the record, the table and the report.
[[nodiscard]] std::string_view name_of(State state);
[[nodiscard]] std::optional<State> state_named(std::string_view name);

// A sentence's part for people: "stand on another base".
[[nodiscard]] std::string_view meaning_of(State state);

// The put did not do what was asked for this image, and a person or a further put has to.
[[nodiscard]] bool is_failure(State state);
// The tag names another image than before.
[[nodiscard]] bool is_change(State state);

}  // namespace fleet
