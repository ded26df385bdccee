#include "lifecycle/rebase.hpp"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <set>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "buildpacks/label.hpp"
#include "lifecycle/transfer.hpp"

namespace lifecycle {
namespace {

using base::Error;
using base::ErrorKind;

std::string shown(const buildpacks::Target& target) {
  auto text = target.os + "/" + target.architecture + (target.variant.empty() ? "" : "/" + target.variant);
  for (const auto& distribution : target.distributions) text += " " + distribution.name + " " + distribution.version;
  return text;
}

// The diffIDs that the metadata count among the application's layers.
std::multiset<std::string> application_layers(const LayersMetadata& metadata) {
  std::multiset<std::string> result(metadata.app.begin(), metadata.app.end());
  for (const auto* one : {&metadata.sbom, &metadata.config, &metadata.launcher, &metadata.process_types}) {
    if (!one->empty()) result.insert(*one);
  }
  for (const auto& buildpack : metadata.buildpacks) {
    for (const auto& [name, layer] : buildpack.layers) {
      if (!layer.diff_id.empty()) result.insert(layer.diff_id);
    }
  }
  return result;
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

// image-spec, annotations.md: what names the base names the new one; all others stay.
std::map<std::string, std::string> rebased_annotations(const PreviousImage& app, const RunImage& run_image) {
  auto annotations = app.image.manifest.annotations;
  const auto set = [&](const char* name, const std::string& value) {
    if (const auto found = annotations.find(name); found != annotations.end()) found->second = value;
  };
  set("org.opencontainers.image.base.name", run_image.name.image);
  set("org.opencontainers.image.base.digest", run_image.reference.digest->text());
  return annotations;
}

}  // namespace

// They name the base's top layer; where that one occurs more than once (empty layers are all alike), what is above it
// must be the application's.
std::optional<std::size_t> base_layers(const PreviousImage& app) {
  const auto diff_ids = app.image.diff_ids();
  if (diff_ids.size() != app.image.manifest.layers.size()) return std::nullopt;
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i < diff_ids.size(); ++i) {
    if (diff_ids[i].text() == app.metadata.run_image.top_layer) candidates.push_back(i + 1);
  }
  if (candidates.empty()) return std::nullopt;
  if (candidates.size() == 1) return candidates.front();
  const auto own = application_layers(app.metadata);
  for (const auto below : candidates) {
    std::multiset<std::string> above;
    for (std::size_t i = below; i < diff_ids.size(); ++i) above.insert(diff_ids[i].text());
    if (above == own) return below;
  }
  return std::nullopt;
}

std::vector<registry::Descriptor> missing_layers(const PreviousImage& app, const RunImage& run_image) {
  std::set<std::string> there;
  for (const auto& layer : app.image.manifest.layers) there.insert(layer.digest.text());
  std::vector<registry::Descriptor> missing;
  for (const auto& layer : run_image.image.manifest.layers) {
    // One that the base has twice is brought once.
    if (there.insert(layer.digest.text()).second) missing.push_back(layer);
  }
  return missing;
}

std::optional<std::string> obstacle_to_rebase(const PreviousImage& app, const RunImage& run_image) {
  if (app.image.label(label::rebasable) == "false") return "the image says that it is not rebasable";
  if (!base_layers(app)) return "the image does not tell which of its layers are its base's";
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
  result.annotations = rebased_annotations(app, run_image);
  return result;
}

Rebased rebase(registry::Client& client, const PreviousImage& app, const RunImage& run_image, std::size_t lanes) {
  if (const auto obstacle = obstacle_to_rebase(app, run_image)) {
    throw Error(ErrorKind::usage, {"rebase", app.reference.text(), *obstacle, "build it anew on this run image"});
  }
  const auto image = compose_rebased(app, run_image);
  const auto& repository = app.reference.repository;
  require_layer_count(image.layers.size(), repository);
  const auto& base = run_image.image.manifest.layers;
  const auto missing = missing_layers(app, run_image);
  std::atomic<std::uint64_t> sent = 0;
  base::for_each_parallel(missing.size(), lanes, [&](std::size_t i) {
    const auto provided = provide_blob(client, repository, run_image.reference.repository, missing[i]);
    if (provided == Provided::sent) sent += missing[i].size;
  });
  auto pushed = push_config(client, repository, image, Novelty::certain);
  return {std::move(pushed.manifest), image.layers.size() - base.size(), pushed.uploaded + sent, pushed.size};
}

}  // namespace lifecycle
