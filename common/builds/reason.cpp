#include "builds/reason.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace builds {
namespace {

struct Named {
  Reason reason;
  std::string_view name;
};

// A new reason is an enumerator and a line here.
constexpr std::array table{Named{Reason::trigger, "TRIGGER"}, Named{Reason::commit, "COMMIT"},
                           Named{Reason::config, "CONFIG"},   Named{Reason::buildpack, "BUILDPACK"},
                           Named{Reason::stack, "STACK"},     Named{Reason::lifecycle, "LIFECYCLE"}};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table.at(i).reason) != i) return false;
  }
  return table.back().reason == Reason::lifecycle;
}
static_assert(is_in_order(), "the table has a line for each enumerator, in the order of the enumeration");

}  // namespace

std::string_view name_of(Reason reason) { return table.at(static_cast<std::size_t>(reason)).name; }

std::optional<Reason> reason_named(std::string_view name) {
  const auto* found = std::find_if(table.begin(), table.end(), [&](const auto& line) { return line.name == name; });
  return found == table.end() ? std::nullopt : std::optional(found->reason);
}

std::vector<Reason> parse_reasons(std::string_view names) {
  std::vector<Reason> reasons;
  while (!names.empty()) {
    const auto end = std::min(names.find(','), names.size());
    if (const auto reason = reason_named(names.substr(0, end))) reasons.push_back(*reason);
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  std::sort(reasons.begin(), reasons.end());
  reasons.erase(std::unique(reasons.begin(), reasons.end()), reasons.end());
  return reasons;
}

std::string names_of(std::vector<Reason> reasons) {
  std::sort(reasons.begin(), reasons.end());
  reasons.erase(std::unique(reasons.begin(), reasons.end()), reasons.end());
  std::string result;
  for (const auto reason : reasons) result += (result.empty() ? "" : ",") + std::string(name_of(reason));
  return result;
}

std::string names_of(const std::vector<Change>& changes) {
  std::vector<Reason> reasons;
  for (const auto& change : changes) reasons.push_back(change.reason);
  return names_of(std::move(reasons));
}

void print(const std::vector<Change>& changes, base::Log& log) {
  log.info("Build reason(s): " + names_of(changes));
  std::optional<Reason> last;
  for (const auto& change : changes) {
    if (change.reason != last) log.info(fmt::format("{}:", name_of(change.reason)));
    log.difference(change.before, change.now);
    last = change.reason;
  }
}

}  // namespace builds
