#include "lifecycle/app_image.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"

namespace lifecycle {
namespace {

std::string variable(const json::Value& environment, const std::string& name) {
  for (const auto& entry : environment) {
    const auto& text = entry.get_ref<const std::string&>();
    if (text.starts_with(name + "=")) return text.substr(name.size() + 1);
  }
  return "";
}

void set_variable(json::Value& environment, const std::string& name, const std::string& value) {
  for (auto& entry : environment) {
    if (entry.get_ref<const std::string&>().starts_with(name + "=")) {
      entry = name + "=" + value;
      return;
    }
  }
  environment.push_back(name + "=" + value);
}

json::Value composed_environment(const json::Value& run_config, const Platform& platform) {
  json::Value environment = json::Value::array();
  if (const auto* entries = json::find(run_config, "Env"); entries != nullptr && entries->is_array()) {
    for (const auto& entry : *entries) {
      if (entry.is_string()) environment.push_back(entry);
    }
  }
  set_variable(environment, "CNB_LAYERS_DIR", platform.layers.string());
  set_variable(environment, "CNB_APP_DIR", platform.application.string());
  set_variable(environment, "CNB_PLATFORM_API", platform.api.text());
  set_variable(environment, "CNB_DEPRECATION_MODE", "quiet");
  set_variable(environment, "PATH", "/cnb/process:/cnb/lifecycle:" + variable(environment, "PATH"));
  return environment;
}

}  // namespace

json::Value layer_history(const json::Value& config, std::size_t layers, const std::string& created) {
  json::Value history = json::Value::array();
  if (const auto* entries = json::find(config, "history"); entries != nullptr && entries->is_array()) {
    for (const auto& entry : *entries) {
      const auto* empty = json::find(entry, "empty_layer");
      if (entry.is_object() && (empty == nullptr || *empty != true)) history.push_back(entry);
    }
  }
  if (history.size() != layers) history = json::Value(layers, json::Value::object());
  for (auto& entry : history) entry["created"] = created;
  return history;
}

registry::Descriptor as_oci_layer(registry::Descriptor layer) {
  if (layer.media_type == registry::media_type::docker_layer_gzip) {
    layer.media_type = registry::media_type::oci_layer_gzip;
  } else if (layer.media_type == "application/vnd.docker.image.rootfs.diff.tar") {
    layer.media_type = registry::media_type::oci_layer;
  } else if (layer.media_type == "application/vnd.docker.image.rootfs.diff.tar.zstd") {
    layer.media_type = registry::media_type::oci_layer_zstd;
  }
  return layer;
}

ComposedImage compose(const registry::Image& run_image, const AppImage& app, const Platform& platform) {
  ComposedImage result;
  result.layers = run_image.manifest.layers;
  auto& config = result.config;
  config = run_image.config;
  config.erase("container");
  config.erase("container_config");
  config["created"] = app.created;
  config["history"] = layer_history(run_image.config, result.layers.size(), app.created);
  for (const auto& layer : app.layers) {
    result.layers.push_back(layer.blob);
    config["rootfs"]["diff_ids"].push_back(layer.diff_id);
    config["history"].push_back({{"created", app.created}, {"created_by", layer.created_by}});
  }
  for (auto& layer : result.layers) layer = as_oci_layer(std::move(layer));
  auto& settings = config["config"];
  if (!settings.is_object()) settings = json::Value::object();
  settings["Env"] = composed_environment(settings, platform);
  if (!settings.contains("Labels") || !settings["Labels"].is_object()) settings["Labels"] = json::Value::object();
  for (const auto& [name, value] : app.labels) settings["Labels"][name] = value;
  settings["WorkingDir"] = platform.application.string();
  settings["Entrypoint"] = json::Value::array({app.entrypoint});
  settings.erase("Cmd");
  return result;
}

std::string entrypoint(const BuildMetadata& metadata, const std::string& wanted) {
  const auto type = wanted.empty() ? metadata.default_process : wanted;
  if (type.empty()) return "/cnb/lifecycle/launcher";
  const auto is_it = [&](const auto& process) { return process.type == type; };
  if (std::none_of(metadata.processes.begin(), metadata.processes.end(), is_it)) {
    std::string known;
    for (const auto& process : metadata.processes) known += (known.empty() ? "" : ", ") + process.type;
    throw base::Error(base::ErrorKind::usage,
                      {"make the default process", type, "the buildpacks made no process of this type",
                       known.empty() ? "they made none at all" : "they made " + known});
  }
  return "/cnb/process/" + type;
}

}  // namespace lifecycle
