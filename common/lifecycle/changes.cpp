#include "lifecycle/changes.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "buildpacks/label.hpp"

namespace lifecycle {
namespace {

using builds::Change;
using builds::Reason;

constexpr std::string_view own_member = "build-service";

std::string joined(const std::vector<std::string>& texts) {
  std::string result;
  for (const auto& text : texts) result += (result.empty() ? "" : ", ") + text;
  return result;
}

// Which variables there are is shown; what they hold only as far as that it changed.
std::string shown(const std::map<std::string, std::string>& environment) {
  if (environment.empty()) return "";
  std::vector<std::string> names;
  std::string values;
  for (const auto& [name, value] : environment) {
    names.push_back(name);
    values += fmt::format("{}={}={}", name, value.size(), value);
  }
  return fmt::format("{} (values {})", joined(names), base::stretched_digest(values).hex().substr(0, 16));
}

std::string shown_labels(const std::map<std::string, std::string>& labels) {
  std::vector<std::string> result;
  for (const auto& [name, value] : labels) result.push_back(name + "=" + value);
  return joined(result);
}

std::string text_at(const json::Value& object, std::initializer_list<std::string_view> path) {
  const json::Value* value = &object;
  for (const auto name : path) {
    value = json::find(*value, name);
    if (value == nullptr) return "";
  }
  return value->is_string() ? value->get<std::string>() : "";
}

std::string launcher_version(const PreviousImage& previous) {
  const auto label = previous.image.label(label::build_metadata);
  if (!label) return "";
  try {
    return text_at(json::parse(*label, label::build_metadata), {"launcher", "version"});
  } catch (const base::Error&) {
    return "";
  }
}

std::string labelled(const std::string& name, const std::string& value) {
  return value.empty() ? "" : name + ": " + value;
}

}  // namespace

BuildInputs build_inputs(const ExaminedSource& source, const BuildSettings& settings) {
  BuildInputs inputs{source.origin, source.tree.digest.text(), {}};
  const auto add = [&](const char* name, std::string value) {
    if (!value.empty()) inputs.settings.emplace(name, std::move(value));
  };
  add("env", shown(source.environment));
  add("process", settings.process);
  add("labels", shown_labels(settings.labels));
  add("created", settings.created);
  add("include", joined(source.project.include));
  add("exclude", joined(source.project.exclude));
  add("execution environment", settings.execution_environment);
  add("path", settings.application);
  add("bindings", fingerprint(settings.bindings));
  return inputs;
}

std::string to_label(const BuildInputs& inputs) {
  nlohmann::ordered_json label;
  auto& source = label["source"];
  source["type"] = inputs.origin.commit.empty() ? "directory" : "git";
  if (!inputs.origin.commit.empty()) source["version"]["commit"] = inputs.origin.commit;
  if (!inputs.origin.repository.empty()) source["metadata"]["repository"] = inputs.origin.repository;
  if (!inputs.origin.page.empty()) source["metadata"]["url"] = inputs.origin.page;
  auto& own = source["metadata"][std::string(own_member)];
  own["files"] = inputs.files;
  own["settings"] = nlohmann::ordered_json::object();
  for (const auto& [name, value] : inputs.settings) own["settings"][name] = value;
  return buildpacks::label_text(label);
}

BuildInputs parse_build_inputs(std::string_view label) {
  BuildInputs inputs;
  json::Value value;
  try {
    value = json::parse(label, label::project_metadata);
  } catch (const base::Error&) {
    return inputs;
  }
  inputs.origin.commit = text_at(value, {"source", "version", "commit"});
  inputs.origin.repository = text_at(value, {"source", "metadata", "repository"});
  inputs.origin.page = text_at(value, {"source", "metadata", "url"});
  const auto* source = json::find(value, "source");
  const auto* metadata = source == nullptr ? nullptr : json::find(*source, "metadata");
  const auto* own = metadata == nullptr ? nullptr : json::find(*metadata, own_member);
  if (own == nullptr) return inputs;
  inputs.files = json::text_or(*own, "files");
  if (const auto* settings = json::find(*own, "settings"); settings != nullptr && settings->is_object()) {
    for (const auto& [name, text] : settings->items()) {
      if (text.is_string()) inputs.settings.emplace(name, text.get<std::string>());
    }
  }
  return inputs;
}

std::vector<Change> compare(const BuildInputs& before, const BuildInputs& now) {
  std::vector<Change> changes;
  if (before.files.empty()) {
    changes.push_back({Reason::config, "", "the image does not say what it was built from"});
    return changes;
  }
  if (before.files != now.files) {
    const bool moved = before.origin.commit != now.origin.commit;
    changes.push_back(moved ? Change{Reason::commit, before.origin.commit, now.origin.commit}
                            : Change{Reason::commit, "files " + before.files, "files " + now.files});
  }
  const auto value_in = [](const BuildInputs& inputs, const std::string& name) {
    const auto found = inputs.settings.find(name);
    return found == inputs.settings.end() ? std::string() : found->second;
  };
  auto names = before.settings;
  names.insert(now.settings.begin(), now.settings.end());
  for (const auto& [name, ignored] : names) {
    const auto old_value = value_in(before, name);
    const auto new_value = value_in(now, name);
    if (old_value != new_value) {
      changes.push_back({Reason::config, labelled(name, old_value), labelled(name, new_value)});
    }
  }
  return changes;
}

std::vector<Change> compare_buildpacks(const PreviousImage& previous, const BuilderContents& builder) {
  std::vector<Change> changes;
  for (const auto& used : previous.metadata.buildpacks) {
    const auto found = builder.buildpacks.find(buildpacks::escaped(used.id));
    const auto versions = found == builder.buildpacks.end() ? std::vector<std::string>() : found->second;
    if (std::find(versions.begin(), versions.end(), used.version) != versions.end()) continue;
    changes.push_back(
        {Reason::buildpack, used.id + "@" + used.version, versions.empty() ? "" : used.id + "@" + joined(versions)});
  }
  const auto before = launcher_version(previous);
  if (before != builder.launcher_version) {
    changes.push_back({Reason::buildpack, labelled("launcher", before), "launcher: " + builder.launcher_version});
  }
  return changes;
}

std::vector<Change> compare_run_image(const PreviousImage& previous, const RunImage& run_image) {
  const auto& before = previous.metadata.run_image.reference;
  // Mirrors have the same image under other names: its digest alone counts.
  const auto at = before.rfind('@');
  const auto digest = at == std::string::npos ? "" : before.substr(at + 1);
  if (run_image.reference.digest && digest == run_image.reference.digest->text()) return {};
  return {{Reason::stack, before, run_image.reference.text()}};
}

}  // namespace lifecycle
