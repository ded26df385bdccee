#include "fleet/reachability.hpp"

#include <fmt/format.h>

#include "http/client.hpp"

namespace fleet {

std::optional<Verdict> Reachability::verdict(const std::string& host) const {
  const std::lock_guard lock(mutex_);
  const auto found = causes_.find(host);
  if (found == causes_.end()) return std::nullopt;
  return Verdict{State::failed, fmt::format("registry {} could not be reached: {}", host, found->second)};
}

void Reachability::note(const std::string& host, const base::Error& error) {
  // Only what nobody answered: an answer, or a transfer that broke, may be another for the next image.
  if (dynamic_cast<const http::Unreachable*>(&error) == nullptr) return;
  const std::lock_guard lock(mutex_);
  causes_.emplace(host, error.report().cause);
}

}  // namespace fleet
