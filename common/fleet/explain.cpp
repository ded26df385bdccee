#include "fleet/explain.hpp"

#include <fmt/format.h>
#include <set>

#include "fleet/kind.hpp"

namespace fleet {
namespace {

// Hosts of images that no credentials are given for are asked anonymously.
std::set<std::string> anonymous_hosts(const Source& source) {
  std::set<std::string> result;
  for (const auto& image : source.images) result.insert(image.repository.host);
  for (const auto& [repository, tags] : source.repositories) result.insert(repository.host);
  for (const auto& host : source.hosts) result.erase(host.host);
  return result;
}

std::string explain_kpack(const KpackFleet& fleet, const std::string& record) {
  std::string spaces;
  for (const auto& space : fleet.spaces) spaces += (spaces.empty() ? "" : ", ") + space;
  return fmt::format("record {}, Images on the {} in {}\n", record, kpack::text_of(fleet.target),
                     spaces.empty() ? "all namespaces" : "namespaces " + spaces);
}

}  // namespace

std::string explain(const Source& source) {
  std::string result = fmt::format("{}\n", concourse::describe(kind()));
  if (source.kpack) {
    result += explain_kpack(*source.kpack, source.record.text());
  } else {
    const auto counted = [](std::size_t count, std::string_view one, std::string_view more) {
      return fmt::format("{} {}", count, count == 1 ? one : more);
    };
    result += fmt::format("record {}, {} listed, {} with tags to look up\n", source.record.text(),
                          counted(source.images.size(), "image", "images"),
                          counted(source.repositories.size(), "repository", "repositories"));
  }
  result += "would contact\n";
  if (source.kpack && source.kpack->cluster) {
    result += fmt::format("  {}\n", kubernetes::contact_of(*source.kpack->cluster));
  }
  for (const auto& host : source.hosts) result += registry::contacts_of(host);
  for (const auto& name : anonymous_hosts(source)) {
    registry::HostOptions host;
    host.host = name;
    result += registry::contacts_of(host);
  }
  return result;
}

}  // namespace fleet
