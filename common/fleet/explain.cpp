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

}  // namespace

std::string explain(const Source& source) {
  std::string result = fmt::format("{}\n", concourse::describe(kind()));
  result += fmt::format("record {}, {} images listed, {} repositories with tags to look up\n", source.record.text(),
                        source.images.size(), source.repositories.size());
  result += "would contact\n";
  for (const auto& host : source.hosts) result += registry::contacts_of(host);
  for (const auto& name : anonymous_hosts(source)) {
    registry::HostOptions host;
    host.host = name;
    result += registry::contacts_of(host);
  }
  return result;
}

}  // namespace fleet
