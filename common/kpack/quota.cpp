#include "kpack/quota.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace kpack {
namespace {

using json::Value;

// Where used and hard amount are written alike; amounts like "1900m" of "2" are not compared.
std::string used_up(const Value& quota) {
  const auto* status = json::find(quota, "status");
  const auto* hard = status == nullptr ? nullptr : json::find(*status, "hard");
  const auto* used = status == nullptr ? nullptr : json::find(*status, "used");
  std::string text;
  if (hard == nullptr || used == nullptr || !hard->is_object()) return text;
  for (const auto& [name, limit] : hard->items()) {
    const auto* amount = json::find(*used, name);
    if (amount == nullptr || *amount != limit || !limit.is_string()) continue;
    text += fmt::format("{}{} {} of {}", text.empty() ? "" : ", ", name, amount->get<std::string>(),
                        limit.get<std::string>());
  }
  return text;
}

}  // namespace

std::optional<std::string> exhausted_quota(kubernetes::Client& client, const std::string& space, base::Log& log) {
  try {
    for (const auto& quota : client.list(kubernetes::resource_quotas, space, {}).items) {
      const auto amounts = used_up(quota);
      if (amounts.empty()) continue;
      const auto* metadata = json::find(quota, "metadata");
      return fmt::format("the quota {} is used up: {}", metadata == nullptr ? "" : json::text_or(*metadata, "name"),
                         amounts);
    }
  } catch (const base::Error& error) {
    log.debug(fmt::format("quotas: {}", error.what()));
  }
  return std::nullopt;
}

}  // namespace kpack
