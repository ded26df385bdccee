#include "lifecycle/rebase.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "buildpacks/label.hpp"
#include "lifecycle/export.hpp"
#include "lifecycle/layer_maker.hpp"

namespace lifecycle {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t lanes = 4;

std::string shown(const buildpacks::Target& target) {
  auto text = target.os + "/" + target.architecture + (target.variant.empty() ? "" : "/" + target.variant);
  for (const auto& distribution : target.distributions) text += " " + distribution.name + " " + distribution.version;
  return text;
}

// How many of the image's layers are the old base's; nothing when its metadata name none of them.
std::optional<std::size_t> base_layers(const PreviousImage& app) {
  const auto diff_ids = app.image.diff_ids();
  if (diff_ids.size() != app.image.manifest.layers.size()) return std::nullopt;
  const auto is_top = [&](const auto& diff_id) { return diff_id.text() == app.metadata.run_image.top_layer; };
  const auto top = std::find_if(diff_ids.begin(), diff_ids.end(), is_top);
  if (top == diff_ids.end()) return std::nullopt;
  return static_cast<std::size_t>(top - diff_ids.begin()) + 1;
}

bool is_base_label(std::string_view name) {
  return name.starts_with("io.buildpacks.stack.") || name.starts_with("io.buildpacks.base.");
}

bool names(const std::string& written, const registry::Repository& repository) {
  try {
    return registry::Reference::parse(written, "runImage").repository == repository;
  } catch (const Error&) {
    return false;  // a label is anybody's text
  }
}

// Everything in the label stays as it was, unknown members too, but for what names the base.
std::string rebased_metadata(const PreviousImage& app, const RunImage& run_image) {
  auto label = nlohmann::ordered_json::parse(app.image.label(label::lifecycle_metadata).value_or("{}"));
  auto& run = label["runImage"];
  run["topLayer"] = run_image.image.diff_ids().back().text();
  run["reference"] = run_image.reference.text();
  if (!is_own_run_image(app, run_image)) {
    run["image"] = run_image.name.image;
    run.erase("mirrors");
    label["stack"] = {{"runImage", {{"image", run_image.name.image}}}};
  }
  return buildpacks::label_text(label);
}

json::Value rebased_labels(const PreviousImage& app, const RunImage& run_image) {
  const auto labels_of = [](const registry::Image& image) {
    const auto* settings = json::find(image.config, "config");
    const auto* labels = settings == nullptr ? nullptr : json::find(*settings, "Labels");
    return labels != nullptr && labels->is_object() ? *labels : json::Value::object();
  };
  const auto before = labels_of(app.image);
  const auto base = labels_of(run_image.image);
  json::Value result = json::Value::object();
  for (const auto& [name, value] : before.items()) {
    if (!is_base_label(name)) result[name] = value;
  }
  for (const auto& [name, value] : base.items()) {
    if (is_base_label(name)) result[name] = value;
  }
  result[std::string(label::lifecycle_metadata)] = rebased_metadata(app, run_image);
  return result;
}

}  // namespace

std::optional<std::string> obstacle_to_rebase(const PreviousImage& app, const RunImage& run_image) {
  if (app.image.label(label::rebasable) == "false") return "the image says that it is not rebasable";
  if (!base_layers(app)) return "the image does not name the last layer of its base";
  const auto before = target_of(app.image);
  const auto& now = run_image.target;
  if (before.os != now.os || before.architecture != now.architecture || before.variant != now.variant ||
      before.distributions != now.distributions) {
    return fmt::format("the image is for {}, the run image for {}", shown(before), shown(now));
  }
  return std::nullopt;
}

bool is_own_run_image(const PreviousImage& app, const RunImage& run_image) {
  const auto& known = app.metadata.run_image.name;
  const auto is_it = [&](const auto& name) { return names(name, run_image.reference.repository); };
  return is_it(known.image) || std::any_of(known.mirrors.begin(), known.mirrors.end(), is_it) ||
         is_it(app.metadata.run_image.reference);
}

ComposedImage compose_rebased(const PreviousImage& app, const RunImage& run_image) {
  const auto below = base_layers(app).value_or(0);
  const auto& layers = app.image.manifest.layers;
  const auto diff_ids = app.image.diff_ids();
  const auto created = json::text_or(app.image.config, "created", "1980-01-01T00:00:01Z");
  const auto app_history = layer_history(app.image.config, layers.size(), created);
  ComposedImage result;
  result.config = app.image.config;
  auto& config = result.config;
  for (const auto* name : {"os", "architecture", "variant", "os.version", "os.features"}) {
    config.erase(name);
    if (const auto* value = json::find(run_image.image.config, name)) config[name] = *value;
  }
  result.layers = run_image.image.manifest.layers;
  config["history"] = layer_history(run_image.image.config, result.layers.size(), created);
  config["rootfs"]["diff_ids"] = json::Value::array();
  for (const auto& diff_id : run_image.image.diff_ids()) config["rootfs"]["diff_ids"].push_back(diff_id.text());
  for (std::size_t i = below; i < layers.size(); ++i) {
    result.layers.push_back(layers[i]);
    config["rootfs"]["diff_ids"].push_back(diff_ids[i].text());
    config["history"].push_back(app_history[i]);
  }
  for (auto& layer : result.layers) layer = as_oci_layer(std::move(layer));
  config["config"]["Labels"] = rebased_labels(app, run_image);
  return result;
}

Rebased rebase(registry::Client& client, const Platform& platform, const PreviousImage& app, const RunImage& run_image,
               base::Log& log) {
  if (const auto obstacle = obstacle_to_rebase(app, run_image)) {
    throw Error(ErrorKind::usage, {"rebase", app.reference.text(), *obstacle, "build it anew on this run image"});
  }
  const auto image = compose_rebased(app, run_image);
  LayerMaker maker(client, platform, app.reference.repository, {}, log);
  const auto& base = run_image.image.manifest.layers;
  base::for_each_parallel(base.size(), lanes,
                          [&](std::size_t i) { maker.provide(run_image.reference.repository, base[i]); });
  Rebased result{push_config(maker, image.config, image.layers), image.layers.size() - base.size(), 0, 0};
  result.uploaded = maker.uploaded();
  result.size = result.manifest.bytes.size();
  for (const auto& layer : image.layers) result.size += layer.size;
  return result;
}

}  // namespace lifecycle
