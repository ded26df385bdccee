// Why a build ran, in kpack's sense: the names that `kp build list` shows, and what differs between the image that
// stands and the one that is asked for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"

namespace builds {

// In kpack's order. One table in reason.cpp gives name, parsing and order.
enum class Reason { trigger, commit, config, buildpack, stack, lifecycle };

// "COMMIT"
[[nodiscard]] std::string_view name_of(Reason reason);
// Nothing for a name that is not a reason: another engine may know more of them.
[[nodiscard]] std::optional<Reason> reason_named(std::string_view name);
// "COMMIT,STACK" as kpack annotates its Builds: the reasons in their order, each once; unknown names are left out.
[[nodiscard]] std::vector<Reason> parse_reasons(std::string_view names);
// The other way.
[[nodiscard]] std::string names_of(std::vector<Reason> reasons);

struct Change {
  Reason reason = Reason::trigger;
  std::string before;  // for people; empty: there was none
  std::string now;
  friend bool operator==(const Change&, const Change&) = default;
};

// "COMMIT,STACK"
[[nodiscard]] std::string names_of(const std::vector<Change>& changes);
// The reasons with their old and new values, as kpack's prepare step prints them.
void print(const std::vector<Change>& changes, base::Log& log);

}  // namespace builds
