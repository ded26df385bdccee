#include "fleet/source.hpp"

#include <fmt/format.h>

namespace fleet {
namespace {

// A tag says which image of a repository is followed; a digest never moves, so there is nothing to bring to it.
registry::Reference tagged(const std::string& text, const std::string& field) {
  auto reference = registry::Reference::parse(text, field);
  if (reference.digest) json::wrong_value(field, "a digest cannot be moved to a new base", "name a tag");
  return reference;
}

}  // namespace

void describe(json::Fields<RepositoryFields>& fields) {
  fields.required("repository", &RepositoryFields::repository, "the repository without a tag");
  fields.optional("tags", &RepositoryFields::tags,
                  "pattern (RE2) that has to be found in a tag; default: every tag of an image");
  fields.optional("exclude", &RepositoryFields::exclude, "patterns (RE2); a tag that one is found in is left out");
}

void describe(json::Fields<FleetFields>& fields) {
  fields.required("record", &FleetFields::record,
                  "the repository, and tag if it is not latest, that keeps what is known of the fleet");
  fields.optional("images", &FleetFields::images, "the images, each with its tag");
  fields.optional(
      "repositories", &FleetFields::repositories,
      "repositories whose tags are images of the fleet; tags of caches, of records and of signatures never are");
  for (const auto* name : {"cluster_stack", "cluster_builder", "cluster_store", "namespaces"}) {
    fields.refused(name, "a fleet that kpack builds follows its stack by itself: patch it by kp clusterstack update");
  }
}

void describe(json::Fields<SourceFields>& fields) {
  fields.required("fleet", &SourceFields::fleet, "the images that are rebased together");
  registry::describe_login(fields);  // at the registry of the record
  fields.optional("insecure", &SourceFields::insecure, "whether that registry may be spoken to in plain HTTP");
  fields.optional("ca_certs", &SourceFields::ca_certs,
                  "PEM certificates to trust beside the system's, at that registry alone");
  fields.optional("registries", &SourceFields::registries, "credentials of other hosts: of images and run images");
  fields.optional("debug", &SourceFields::debug, "whether the log shows each request");
}

Source read_source(const json::Value& source) {
  const auto fields = json::read<SourceFields>(source, "source");
  const auto& fleet = fields.fleet;
  Source result;
  result.record = tagged(fleet.record, "source.fleet.record");
  if (fleet.images.empty() && fleet.repositories.empty()) {
    json::wrong_value("source.fleet", "it names no images", "list images, or repositories with a pattern of tags");
  }
  for (std::size_t i = 0; i < fleet.images.size(); ++i) {
    result.images.push_back(tagged(fleet.images[i], fmt::format("source.fleet.images[{}]", i)));
  }
  for (std::size_t i = 0; i < fleet.repositories.size(); ++i) {
    const auto& entry = fleet.repositories[i];
    const auto field = fmt::format("source.fleet.repositories[{}]", i);
    result.repositories.push_back({registry::parse_repository(entry.repository, field + ".repository"),
                                   TagPattern(entry.tags, entry.exclude, field)});
  }
  result.hosts = registry::hosts_of({fields, result.record.repository.host, fields.insecure, fields.ca_certs},
                                    registry::to_options(fields.registries));
  return result;
}

}  // namespace fleet
