#include "kpack/target.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "kpack/resources.hpp"

namespace kpack {
namespace {

using json::Value;

const Value* at(const Value* object, std::string_view path) {
  while (object != nullptr && !path.empty()) {
    const auto end = std::min(path.find('.'), path.size());
    object = json::find(*object, path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return object;
}

std::string text_at(const Value& object, std::string_view path) {
  const auto* found = at(&object, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t number_at(const Value& object, std::string_view path) {
  const auto* found = at(&object, path);
  return found != nullptr && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

std::vector<std::string> path_of(std::string_view dotted) {
  std::vector<std::string> path;
  while (true) {
    const auto end = dotted.find('.');
    path.emplace_back(dotted.substr(0, end));
    if (end == std::string_view::npos) return path;
    dotted.remove_prefix(end + 1);
  }
}

// Entries of lists of images are known by their image, others by all that they say.
std::string shown_entry(const Value& entry) {
  if (entry.is_object() && entry.size() == 1 && entry.contains("image")) return shown_text(entry["image"]);
  return shown_text(entry);
}

void set_list(Patch& patch, const std::string& path, const Value* before, const Value& wanted) {
  const Value none = Value::array();
  const auto& old = before != nullptr && before->is_array() ? *before : none;
  if (old == wanted) return;
  const auto is_in = [](const Value& list, const Value& entry) {
    return std::find(list.begin(), list.end(), entry) != list.end();
  };
  bool is_told = false;
  const auto tell = [&](std::string gone, std::string come) {
    patch.differences.push_back({path, std::move(gone), std::move(come)});
    is_told = true;
  };
  for (const auto& entry : old) {
    if (!is_in(wanted, entry)) tell(shown_entry(entry), "");
  }
  for (const auto& entry : wanted) {
    if (!is_in(old, entry)) tell("", shown_entry(entry));
  }
  if (!is_told) tell(shown_text(old), shown_text(wanted));  // another order of the same
  Value* member = &patch.spec;
  for (const auto& name : path_of(path)) member = &(*member)[name];
  *member = wanted;
}

}  // namespace

const kubernetes::Resource& resource_of(TargetKind kind) {
  switch (kind) {
    case TargetKind::stack:
      return cluster_stack_resource;
    case TargetKind::store:
      return cluster_store_resource;
    case TargetKind::builder:
      return cluster_builder_resource;
  }
  return cluster_stack_resource;
}

std::string text_of(const Target& target) { return fmt::format("{} {}", resource_of(target.kind).kind, target.name); }

const std::map<std::string, SettingType>& settings_of(TargetKind kind) {
  static const std::map<std::string, SettingType> of_stack{
      {"id", SettingType::text}, {"buildImage.image", SettingType::text}, {"runImage.image", SettingType::text}};
  static const std::map<std::string, SettingType> of_store{{"sources", SettingType::list}};
  static const std::map<std::string, SettingType> of_builder{
      {"stack.name", SettingType::text}, {"store.name", SettingType::text}, {"order", SettingType::list}};
  switch (kind) {
    case TargetKind::stack:
      return of_stack;
    case TargetKind::store:
      return of_store;
    case TargetKind::builder:
      return of_builder;
  }
  return of_stack;
}

TargetObject::TargetObject(TargetKind kind, Value object) {
  target = {kind, text_at(object, "metadata.name")};
  resource_version = text_at(object, "metadata.resourceVersion");
  generation = number_at(object, "metadata.generation");
  observed_generation = number_at(object, "status.observedGeneration");
  ready = condition_of(object, "Ready");
  up_to_date = condition_of(object, "UpToDate");
  const auto* spec = json::find(object, "spec");
  for (const auto& [path, type] : settings_of(kind)) {
    const auto* found = at(spec, path);
    if (found == nullptr) continue;
    if (type == SettingType::list ? found->is_array() : found->is_string()) settings[path] = *found;
  }
  run_image = text_at(object, kind == TargetKind::stack ? "status.runImage.latestImage" : "status.stack.runImage");
  if (const auto* list = at(&object, "status.mixins"); list != nullptr && list->is_array()) {
    for (const auto& mixin : *list) {
      if (mixin.is_string()) mixins.push_back(mixin.get<std::string>());
    }
  }
}

Patch patch_for(const TargetObject& object, const Settings& wanted) {
  Patch patch;
  for (const auto& [path, value] : wanted) {
    const auto found = object.settings.find(path);
    const auto* before = found == object.settings.end() ? nullptr : &found->second;
    if (value.is_array()) {
      set_list(patch, path, before, value);
      continue;
    }
    Value spec = Value::object();
    if (before != nullptr) {
      Value* member = &spec;
      for (const auto& name : path_of(path)) member = &(*member)[name];
      *member = *before;
    }
    set(patch, spec, path_of(path), value);
  }
  return patch;
}

Builder::Builder(BuilderReference given, const Value& object) : reference(std::move(given)) {
  stack = text_at(object, "spec.stack.name");
  store = text_at(object, "spec.store.name");
  generation = number_at(object, "metadata.generation");
  observed_generation = number_at(object, "status.observedGeneration");
  stack_generation = number_at(object, "status.observedStackGeneration");
  store_generation = number_at(object, "status.observedStoreGeneration");
  ready = condition_of(object, "Ready");
  up_to_date = condition_of(object, "UpToDate");
  latest_image = text_at(object, "status.latestImage");
  run_image = text_at(object, "status.stack.runImage");
  if (const auto* list = at(&object, "status.builderMetadata"); list != nullptr && list->is_array()) {
    for (const auto& entry : *list) buildpacks.push_back({json::text_or(entry, "id"), json::text_or(entry, "version")});
  }
}

std::string text_of(const BuilderReference& builder) {
  const auto text = fmt::format("{} {}", builder.kind, builder.name);
  return builder.space.empty() ? text : fmt::format("{} in namespace {}", text, builder.space);
}

bool stands_on(const Builder& builder, const Target& target) {
  switch (target.kind) {
    case TargetKind::stack:
      return builder.stack == target.name;
    case TargetKind::store:
      return builder.store == target.name;
    case TargetKind::builder:
      return builder.reference.kind == cluster_builder_resource.kind && builder.reference.name == target.name;
  }
  return false;
}

const Builder* builder_of(const Image& image, const std::vector<Builder>& builders) {
  // kpack looks a Builder up in the Image's namespace, whatever spec.builder.namespace says.
  const auto space = image.builder.kind == builder_resource.kind ? image.space : "";
  const auto found = std::find_if(builders.begin(), builders.end(), [&](const Builder& builder) {
    return builder.reference.kind == image.builder.kind && builder.reference.name == image.builder.name &&
           builder.reference.space == space;
  });
  return found == builders.end() ? nullptr : &*found;
}

}  // namespace kpack
