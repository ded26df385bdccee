// The `source` of the fleet kind: where its record is kept, and which images it has: images in registries, or those
// that kpack builds on one stack, store or builder.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fleet/selection.hpp"
#include "json/fields.hpp"
#include "kpack/target.hpp"
#include "kubernetes/connection.hpp"
#include "registry/client.hpp"
#include "registry/hosts.hpp"

namespace fleet {

struct RepositoryFields {
  std::string repository;
  std::string tags;
  std::vector<std::string> exclude;
};
void describe(json::Fields<RepositoryFields>& fields);

// source.fleet, as written by the user.
struct FleetFields {
  std::string record;
  std::vector<std::string> images;
  std::vector<RepositoryFields> repositories;
  std::string cluster_stack;
  std::string cluster_builder;
  std::string cluster_store;
  std::vector<std::string> namespaces;
};
void describe(json::Fields<FleetFields>& fields);

// As written by the user; read_source() turns it into a Source.
struct SourceFields : registry::LoginFields, kubernetes::ConnectionFields {
  FleetFields fleet;
  bool insecure = false;
  std::vector<std::string> ca_certs;
  std::vector<registry::HostFields> registries;
  bool debug = false;
};
void describe(json::Fields<SourceFields>& fields);

// A repository whose tags are looked up.
struct TaggedRepository {
  registry::Repository repository;
  TagPattern tags;
};

// A fleet that kpack builds.
struct KpackFleet {
  kpack::Target target;
  std::vector<std::string> spaces;             // {""}: all namespaces
  std::optional<kubernetes::Cluster> cluster;  // nothing: the source names none, which a put alone needs
};

struct Source {
  registry::Reference record;  // with its tag
  std::vector<registry::Reference> images;
  std::vector<TaggedRepository> repositories;
  std::optional<KpackFleet> kpack;  // in place of both
  // The host of the record first, then those of `registries`.
  std::vector<registry::HostOptions> hosts;
};

// Error{usage} naming the field.
[[nodiscard]] Source read_source(const json::Value& source);
// A put of a fleet that kpack builds needs its cluster; check and in work from the record alone. Error{usage}.
void require_cluster(const Source& source);

}  // namespace fleet
