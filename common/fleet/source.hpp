// The `source` of the fleet kind: where its record is kept, and which images it has.
#pragma once

#include <string>
#include <vector>

#include "fleet/selection.hpp"
#include "json/fields.hpp"
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
};
void describe(json::Fields<FleetFields>& fields);

// As written by the user; read_source() turns it into a Source.
struct SourceFields : registry::LoginFields {
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

struct Source {
  registry::Reference record;  // with its tag
  std::vector<registry::Reference> images;
  std::vector<TaggedRepository> repositories;
  // The host of the record first, then those of `registries`.
  std::vector<registry::HostOptions> hosts;
};

// Error{usage} naming the field.
[[nodiscard]] Source read_source(const json::Value& source);

}  // namespace fleet
