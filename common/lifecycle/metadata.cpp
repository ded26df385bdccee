#include "lifecycle/metadata.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "buildpacks/label.hpp"

namespace lifecycle {
namespace {

using buildpacks::Toml;
using OrderedJson = nlohmann::ordered_json;

OrderedJson sha(const std::string& diff_id) { return {{"sha", diff_id}}; }

OrderedJson texts(const std::vector<std::string>& values) {
  OrderedJson result = OrderedJson::array();
  for (const auto& value : values) result.push_back(value);
  return result;
}

OrderedJson optional_metadata(const std::optional<Toml>& metadata) {
  return metadata ? buildpacks::to_json(*metadata) : OrderedJson(nullptr);
}

OrderedJson to_json(const BuildpackRecord& record) {
  OrderedJson layers = OrderedJson::object();
  for (const auto& [name, layer] : record.layers) {
    layers[name] = {{"sha", layer.diff_id},
                    {"data", optional_metadata(layer.metadata)},
                    {"build", layer.build},
                    {"launch", layer.launch},
                    {"cache", layer.cache}};
  }
  OrderedJson result = {{"key", record.id}, {"version", record.version}, {"layers", std::move(layers)}};
  if (record.store) result["store"] = {{"metadata", optional_metadata(*record.store)}};
  return result;
}

void add_name(OrderedJson& target, const buildpacks::RunImage& name) {
  if (!name.image.empty()) target["image"] = name.image;
  if (!name.mirrors.empty()) target["mirrors"] = texts(name.mirrors);
}

std::string sha_of(const json::Value& object, std::string_view name) {
  const auto* member = json::find(object, name);
  return member == nullptr ? "" : json::text_or(*member, "sha");
}

bool flag_of(const json::Value& object, std::string_view name) {
  const auto* member = json::find(object, name);
  return member != nullptr && member->is_boolean() && member->get<bool>();
}

std::optional<Toml> table_of(const json::Value& object, std::string_view name) {
  const auto* member = json::find(object, name);
  return member != nullptr && member->is_object() ? std::optional(buildpacks::from_json(*member)) : std::nullopt;
}

BuildpackRecord parse_buildpack(const json::Value& value) {
  BuildpackRecord record;
  record.id = json::text_or(value, "key");
  record.version = json::text_or(value, "version");
  if (const auto* layers = json::find(value, "layers"); layers != nullptr && layers->is_object()) {
    for (const auto& [name, layer] : layers->items()) {
      // A layer's name becomes a path below the layers directory.
      if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..") continue;
      record.layers[name] = {json::text_or(layer, "sha"), table_of(layer, "data"), flag_of(layer, "build"),
                             flag_of(layer, "launch"), flag_of(layer, "cache")};
    }
  }
  if (const auto* store = json::find(value, "store"); store != nullptr && store->is_object()) {
    record.store = table_of(*store, "metadata");
  }
  return record;
}

template <class Visit>
void for_each(const json::Value& object, std::string_view name, const Visit& visit) {
  const auto* list = json::find(object, name);
  if (list == nullptr || !list->is_array()) return;
  for (const auto& element : *list) visit(element);
}

std::string command_toml(const std::vector<std::string>& command) {
  std::string result;
  for (const auto& part : command) result += (result.empty() ? "" : ", ") + buildpacks::go_json_string(part);
  return "[" + result + "]";
}

Toml process_toml(const buildpacks::Process& process) {
  Toml table;
  table.add("type", process.type);
  // The one value that the reference writes as JSON inside TOML.
  table.add("command", Toml::Literal{command_toml(process.command), ""});
  if (process.args) table.add("args", Toml(*process.args));
  table.add("direct", process.direct);
  table.add("buildpack-id", process.buildpack_id);
  if (!process.working_directory.empty()) table.add("working-dir", process.working_directory);
  if (!process.execution_environments.empty()) table.add("exec-env", Toml(process.execution_environments));
  return table;
}

Toml group_toml(const buildpacks::GroupElement& element) {
  Toml table;
  table.add("id", element.id).add("version", element.version);
  if (!element.api.empty()) table.add("api", element.api);
  if (!element.homepage.empty()) table.add("homepage", element.homepage);
  return table;
}

OrderedJson process_json(const buildpacks::Process& process) {
  OrderedJson result = {{"type", process.type},
                        {"command", texts(process.command)},
                        {"args", process.args ? texts(*process.args) : OrderedJson(nullptr)},
                        {"direct", process.direct},
                        {"buildpackID", process.buildpack_id}};
  if (!process.working_directory.empty()) result["working-dir"] = process.working_directory;
  if (!process.execution_environments.empty()) result["exec-env"] = texts(process.execution_environments);
  return result;
}

template <class T, class Convert>
void add_list(Toml& document, const char* name, const std::vector<T>& values, const Convert& convert) {
  if (values.empty()) return;
  Toml::Array list;
  for (const auto& value : values) list.push_back(convert(value));
  document.add(name, std::move(list));
}

}  // namespace

const BuildpackRecord* LayersMetadata::find(std::string_view buildpack) const {
  const auto found =
      std::find_if(buildpacks.begin(), buildpacks.end(), [&](const auto& record) { return record.id == buildpack; });
  return found == buildpacks.end() ? nullptr : &*found;
}

std::string to_label(const LayersMetadata& metadata) {
  OrderedJson app = OrderedJson::array();
  for (const auto& diff_id : metadata.app) app.push_back(sha(diff_id));
  OrderedJson result = {{"app", std::move(app)}};
  if (!metadata.sbom.empty()) result["sbom"] = sha(metadata.sbom);
  result["buildpacks"] = OrderedJson::array();
  for (const auto& record : metadata.buildpacks) result["buildpacks"].push_back(to_json(record));
  result["config"] = sha(metadata.config);
  result["launcher"] = sha(metadata.launcher);
  result["process-types"] = sha(metadata.process_types);
  OrderedJson run_image = {{"topLayer", metadata.run_image.top_layer}, {"reference", metadata.run_image.reference}};
  add_name(run_image, metadata.run_image.name);
  result["runImage"] = std::move(run_image);
  OrderedJson stack = OrderedJson::object();
  add_name(stack, metadata.run_image.name);
  result["stack"] = {{"runImage", std::move(stack)}};
  return buildpacks::label_text(result);
}

std::optional<LayersMetadata> parse_layers_metadata(std::string_view text) {
  json::Value value;
  try {
    value = json::parse(text, label::lifecycle_metadata);
  } catch (const base::Error&) {
    return std::nullopt;
  }
  if (!value.is_object()) return std::nullopt;
  LayersMetadata metadata;
  for_each(value, "app", [&](const auto& layer) { metadata.app.push_back(json::text_or(layer, "sha")); });
  metadata.sbom = sha_of(value, "sbom");
  for_each(value, "buildpacks", [&](const auto& entry) { metadata.buildpacks.push_back(parse_buildpack(entry)); });
  metadata.config = sha_of(value, "config");
  metadata.launcher = sha_of(value, "launcher");
  metadata.process_types = sha_of(value, "process-types");
  if (const auto* run_image = json::find(value, "runImage")) {
    metadata.run_image.top_layer = json::text_or(*run_image, "topLayer");
    metadata.run_image.reference = json::text_or(*run_image, "reference");
    metadata.run_image.name.image = json::text_or(*run_image, "image");
    for_each(*run_image, "mirrors", [&](const auto& mirror) {
      if (mirror.is_string()) metadata.run_image.name.mirrors.push_back(mirror.template get<std::string>());
    });
  }
  return metadata;
}

const LayerRecord* CacheMetadata::find(std::string_view buildpack, const std::string& layer) const {
  for (const auto& record : buildpacks) {
    if (record.id != buildpack) continue;
    const auto found = record.layers.find(layer);
    return found == record.layers.end() ? nullptr : &found->second;
  }
  return nullptr;
}

std::string to_label(const CacheMetadata& metadata) {
  OrderedJson result = {{"sbom", sha(metadata.sbom)}, {"buildpacks", OrderedJson::array()}};
  for (const auto& record : metadata.buildpacks) result["buildpacks"].push_back(to_json(record));
  return buildpacks::label_text(result);
}

std::optional<CacheMetadata> parse_cache_metadata(std::string_view text) {
  const auto layers = parse_layers_metadata(text);
  if (!layers) return std::nullopt;
  return CacheMetadata{layers->sbom, layers->buildpacks};
}

std::string metadata_toml(const BuildMetadata& metadata) {
  Toml document;
  add_list(document, "buildpacks", metadata.buildpacks, group_toml);
  add_list(document, "labels", metadata.labels,
           [](const auto& label) { return Toml().add("key", label.key).add("value", label.value); });
  if (metadata.processes.empty()) document.add("processes", Toml::Array());
  add_list(document, "processes", metadata.processes, process_toml);
  add_list(document, "slices", metadata.slices,
           [](const auto& slice) { return slice.paths ? Toml().add("paths", Toml(*slice.paths)) : Toml(); });
  if (!metadata.default_process.empty()) document.add("buildpack-default-process-type", metadata.default_process);
  return buildpacks::write_toml(document);
}

std::string to_label(const BuildMetadata& metadata, const LauncherSource& launcher) {
  OrderedJson group = OrderedJson::array();
  for (const auto& element : metadata.buildpacks) {
    OrderedJson entry = {{"id", element.id}, {"version", element.version}};
    if (!element.homepage.empty()) entry["homepage"] = element.homepage;
    group.push_back(std::move(entry));
  }
  OrderedJson processes = OrderedJson::array();
  for (const auto& process : metadata.processes) processes.push_back(process_json(process));
  OrderedJson result = {{"buildpacks", std::move(group)},
                        {"launcher",
                         {{"version", launcher.version},
                          {"source", {{"git", {{"repository", launcher.repository}, {"commit", launcher.commit}}}}}}},
                        {"processes", std::move(processes)}};
  if (!metadata.default_process.empty()) result["buildpack-default-process-type"] = metadata.default_process;
  return buildpacks::label_text(result);
}

std::string legacy_bom(const std::vector<buildpacks::BomEntry>& entries) {
  if (entries.empty()) return "null\n";
  OrderedJson list = OrderedJson::array();
  for (const auto& entry : entries) {
    list.push_back({{"name", entry.require.name},
                    {"metadata", optional_metadata(entry.require.metadata)},
                    {"buildpack", {{"id", entry.buildpack_id}, {"version", entry.buildpack_version}}}});
  }
  return buildpacks::label_text(list) + "\n";
}

}  // namespace lifecycle
