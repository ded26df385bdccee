#include "fleet/source.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "kubernetes/names.hpp"

namespace fleet {
namespace {

// A tag says which image of a repository is followed; a digest never moves, so there is nothing to bring to it.
registry::Reference tagged(const std::string& text, const std::string& field) {
  auto reference = registry::Reference::parse(text, field);
  if (reference.digest) json::wrong_value(field, "a digest cannot be moved to a new base", "name a tag");
  return reference;
}

// Which of the three a fleet stands on; nothing: none is given.
std::optional<kpack::Target> read_target(const FleetFields& fleet) {
  struct Way {
    const char* field;
    const std::string& name;
    kpack::TargetKind kind;
  };
  const Way ways[] = {{"cluster_stack", fleet.cluster_stack, kpack::TargetKind::stack},
                      {"cluster_builder", fleet.cluster_builder, kpack::TargetKind::builder},
                      {"cluster_store", fleet.cluster_store, kpack::TargetKind::store}};
  const Way* given = nullptr;
  for (const auto& way : ways) {
    if (way.name.empty()) continue;
    const auto field = std::string("source.fleet.") + way.field;
    if (given != nullptr) {
      json::wrong_value(field, fmt::format("{} is given, too, and a fleet stands on one of them", given->field),
                        "make a resource for each");
    }
    kubernetes::require_dns_subdomain(way.name, field);
    given = &way;
  }
  return given == nullptr ? std::nullopt : std::optional(kpack::Target{given->kind, given->name});
}

bool names_cluster(const kubernetes::ConnectionFields& fields) {
  return fields.kubeconfig || fields.cluster || fields.gke || fields.tkgi || fields.pks || !fields.context.empty();
}

std::vector<std::string> read_spaces(const std::vector<std::string>& namespaces) {
  std::vector<std::string> spaces;
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    kubernetes::require_dns_label(namespaces[i], fmt::format("source.fleet.namespaces[{}]", i));
    if (std::find(spaces.begin(), spaces.end(), namespaces[i]) == spaces.end()) spaces.push_back(namespaces[i]);
  }
  // Each is watched by connections of its own.
  constexpr std::size_t most_spaces = 64;
  if (spaces.size() > most_spaces) {
    json::wrong_value("source.fleet.namespaces", fmt::format("it has more than {}", most_spaces),
                      "leave it out: then all namespaces are the fleet's");
  }
  return spaces.empty() ? std::vector<std::string>{""} : spaces;
}

std::optional<KpackFleet> read_kpack(const SourceFields& fields) {
  const auto& fleet = fields.fleet;
  auto target = read_target(fleet);
  const auto refuse = [](const char* field, bool given, const char* cause, const char* remedy) {
    if (given) json::wrong_value(std::string("source.") + field, cause, remedy);
  };
  if (!target) {
    refuse("fleet.namespaces", !fleet.namespaces.empty(), "it is of a fleet that kpack builds",
           "give cluster_stack, cluster_builder or cluster_store, too, or leave it out");
    const char* cause = "a fleet of images in registries has no cluster";
    const char* remedy = "give fleet.cluster_stack, cluster_builder or cluster_store, or leave it out";
    refuse("kubeconfig", fields.kubeconfig.has_value(), cause, remedy);
    refuse("cluster", fields.cluster.has_value(), cause, remedy);
    refuse("gke", fields.gke.has_value(), cause, remedy);
    refuse("tkgi", fields.tkgi.has_value(), cause, remedy);
    refuse("pks", fields.pks.has_value(), cause, remedy);
    refuse("context", !fields.context.empty(), cause, remedy);
    return std::nullopt;
  }
  const char* cause = "the Images of a fleet that kpack builds are found by their builder";
  const char* remedy = "leave it out, or leave cluster_stack, cluster_builder and cluster_store out";
  refuse("fleet.images", !fleet.images.empty(), cause, remedy);
  refuse("fleet.repositories", !fleet.repositories.empty(), cause, remedy);
  KpackFleet result{*std::move(target), read_spaces(fleet.namespaces), std::nullopt};
  if (names_cluster(fields)) result.cluster = kubernetes::read_cluster(fields);
  return result;
}

}  // namespace

void describe(json::Fields<RepositoryFields>& fields) {
  fields.required("repository", &RepositoryFields::repository, "the repository without a tag");
  fields.optional("tags", &RepositoryFields::tags,
                  "a pattern (RE2) that has to be found in a tag. Default: every tag of an image");
  fields.optional("exclude", &RepositoryFields::exclude,
                  "list of patterns (RE2). A tag that one of them is found in is left out");
}

void describe(json::Fields<FleetFields>& fields) {
  fields.required("record", &FleetFields::record,
                  "the repository, and tag if it is not latest, that keeps what is known of the fleet");
  fields.optional("images", &FleetFields::images, "list of images, each with its tag");
  fields.optional(
      "repositories", &FleetFields::repositories,
      "list of repositories whose tags are images of the fleet. The tags of caches, records and signatures never are");
  fields.optional("cluster_stack", &FleetFields::cluster_stack,
                  "the ClusterStack whose Images kpack rebuilds. In place of `images` and `repositories`");
  fields.optional("cluster_builder", &FleetFields::cluster_builder,
                  "the ClusterBuilder whose Images kpack rebuilds. In place of `images` and `repositories`");
  fields.optional("cluster_store", &FleetFields::cluster_store,
                  "the ClusterStore whose Images kpack rebuilds. In place of `images` and `repositories`");
  fields.optional("namespaces", &FleetFields::namespaces,
                  "with one of the last three: list of the namespaces whose Images are the fleet's. Default: all");
}

void describe(json::Fields<SourceFields>& fields) {
  fields.required("fleet", &SourceFields::fleet, "the images that are patched together");
  registry::describe_login(fields);  // at the registry of the record
  fields.optional("insecure", &SourceFields::insecure,
                  "speak plain HTTP where the registry of the record has no TLS. Default: false");
  fields.optional("ca_certs", &SourceFields::ca_certs,
                  "list of PEM certificates to trust beside the system's, at the registry of the record alone");
  fields.optional("registries", &SourceFields::registries,
                  "list of logins at other hosts: of the images and of run images");
  kubernetes::describe_connection(fields);
  fields.optional("debug", &SourceFields::debug, "log each request, without credentials. Default: false");
}

void require_cluster(const Source& source) {
  if (source.kpack && !source.kpack->cluster) static_cast<void>(kubernetes::read_cluster({}));
}

Source read_source(const json::Value& source) {
  const auto fields = json::read<SourceFields>(source, "source");
  const auto& fleet = fields.fleet;
  Source result;
  result.record = tagged(fleet.record, "source.fleet.record");
  result.kpack = read_kpack(fields);
  if (!result.kpack && fleet.images.empty() && fleet.repositories.empty()) {
    json::wrong_value("source.fleet", "it names no images",
                      "list images, or repositories with a pattern of tags, or name the cluster_stack that kpack "
                      "builds them on");
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
  result.hosts = registry::hosts_of({static_cast<const registry::LoginFields&>(fields), result.record.repository.host,
                                     fields.insecure, fields.ca_certs},
                                    registry::to_options(fields.registries));
  return result;
}

}  // namespace fleet
