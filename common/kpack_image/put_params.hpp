// The params of a put: described once for the reading, the errors and the schema.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "json/fields.hpp"
#include "kpack/change.hpp"

namespace kpack_image {

struct BuilderFields {
  std::string kind = "ClusterBuilder";
  std::string name;
  std::string space;
};
void describe(json::Fields<BuilderFields>& fields);

struct VolumeFields {
  std::string size;
  std::string storage_class;
};
void describe(json::Fields<VolumeFields>& fields);

struct RegistryCacheFields {
  std::string tag;
};
void describe(json::Fields<RegistryCacheFields>& fields);

struct CacheFields {
  std::optional<VolumeFields> volume;
  std::optional<RegistryCacheFields> registry;
};
void describe(json::Fields<CacheFields>& fields);

// What an Image may be given at any time, and what it may be given at first.
struct ImageFields {
  std::optional<std::string> sub_path;
  std::optional<BuilderFields> builder;
  std::map<std::string, json::Value> env;
  std::optional<std::string> service_account;
  std::optional<CacheFields> cache;
  std::optional<std::vector<std::string>> additional_tags;
};

struct CreateFields : ImageFields {
  std::string tag;
  std::string git_url;
};
void describe(json::Fields<CreateFields>& fields);

// As written by the user; read_put_params() turns them into PutParams.
struct PutFields : ImageFields {
  std::string commitish;
  std::string blob_url_path;
  std::string blob_url_file;  // as the kpack resource reads it; its README says blob_url_path
  std::string blob_url;
  std::string source;
  bool trigger = false;
  bool wait = true;
  std::string timeout = "1h";
  std::optional<CreateFields> create;
};
void describe(json::Fields<PutFields>& fields);

struct PutParams {
  PutFields fields;
  kpack::ImageChange change;  // without its source
  // What a new Image begins with: the fields of `create`, and those of the params over them.
  std::optional<kpack::ImageChange> first;
  std::chrono::seconds timeout{};
};

// As kpack's messages call the fields of this kind.
[[nodiscard]] kpack::FieldNames field_names();

// Error{usage} naming the field: two sources, a variable that no pod can have, a cache of two kinds, what is not a
// duration.
[[nodiscard]] PutParams read_put_params(const json::Value& params);

}  // namespace kpack_image
