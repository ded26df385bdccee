#include "kpack/change.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "kpack/resources.hpp"

namespace kpack {
namespace {

using json::Value;

constexpr std::string_view shown_value = "(its value is not shown)";

Value member_or_empty(const Value& object, std::string_view name) {
  const auto* member = json::find(object, name);
  return member == nullptr || member->is_null() ? Value::object() : *member;
}

class PatchMaker {
 public:
  explicit PatchMaker(const Image& image) : image_(image), spec_(member_or_empty(image.value, "spec")) {}

  [[nodiscard]] Patch take() { return std::move(patch_); }

  void set_source(const Source& source, const FieldNames& fields) {
    if (source.kind == Source::Kind::git && source.place.empty() && image_.source.kind != Source::Kind::git) {
      throw base::Error(base::ErrorKind::usage,
                        {"change", "the Image " + image_.name,
                         fmt::format("its source is of the kind {}, not git", name_of(image_.source.kind)),
                         "say which repository the revision is of by " + fields.git_url});
    }
    // The other kinds go: two at a time are refused by kpack.
    for (const auto* other : {"git", "blob", "registry"}) {
      const bool is_there = !member_or_empty(member_or_empty(spec_, "source"), other).empty();
      if (is_there && other != name_of(source.kind)) {
        patch_.spec["source"][other] = nullptr;
        note(fmt::format("source.{}", other), other == name_of(image_.source.kind) ? image_.source.place : "", "");
      }
    }
    switch (source.kind) {
      case Source::Kind::git:
        if (!source.place.empty()) set({"source", "git", "url"}, source.place);
        set({"source", "git", "revision"}, source.revision);
        break;
      case Source::Kind::blob:
        set({"source", "blob", "url"}, source.place);
        break;
      case Source::Kind::registry:
        set({"source", "registry", "image"}, source.place);
        break;
      case Source::Kind::none:
        break;
    }
  }

  void set_builder(const BuilderReference& builder) {
    const auto space_of = [&](const BuilderReference& of) {
      return of.kind == "Builder" && of.space.empty() ? image_.space : of.space;
    };
    if (builder.kind == image_.builder.kind && builder.name == image_.builder.name &&
        space_of(builder) == space_of(image_.builder)) {
      return;
    }
    set({"builder", "kind"}, builder.kind);
    set({"builder", "name"}, builder.name);
    if (space_of(builder) == space_of(image_.builder)) return;
    set({"builder", "namespace"}, space_of(builder).empty() ? Value() : Value(space_of(builder)));
  }

  // A list, and atomic: variables are merged by their names here, and the whole list is sent.
  void set_env(const std::map<std::string, std::optional<std::string>>& wanted) {
    const auto build = member_or_empty(spec_, "build");
    auto left = wanted;
    Value list = Value::array();
    if (const auto* given = json::find(build, "env"); given != nullptr && given->is_array()) {
      for (const auto& entry : *given) keep_variable(entry, left, list);
    }
    for (const auto& [name, value] : left) {
      if (!value) continue;
      list.push_back({{"name", name}, {"value", *value}});
      note("build.env", "", fmt::format("{} {}", name, shown_value));
    }
    const auto* before = json::find(build, "env");
    if (before == nullptr ? !list.empty() : list != *before) patch_.spec["build"]["env"] = std::move(list);
  }

  void set_cache(const Value& cache) {
    const auto before = member_or_empty(spec_, "cache");
    for (const auto* kind : {"volume", "registry"}) {
      const auto* wanted = json::find(cache, kind);
      const auto there = member_or_empty(before, kind);
      if (wanted == nullptr && !there.empty()) {
        patch_.spec["cache"][kind] = nullptr;
        note(fmt::format("cache.{}", kind), shown_text(there), "");
      }
      if (wanted == nullptr) continue;
      for (const auto& [name, value] : wanted->items()) set({"cache", kind, name}, value);
    }
  }

  void set(const std::vector<std::string>& path, const Value& value) { kpack::set(patch_, spec_, path, value); }

 private:
  void note(std::string field, std::string before, std::string after) {
    patch_.differences.push_back({std::move(field), std::move(before), std::move(after)});
  }

  // What stands in the Image, unless `wanted` says otherwise of it.
  void keep_variable(const Value& entry, std::map<std::string, std::optional<std::string>>& wanted, Value& list) {
    const auto name = json::text_or(entry, "name");
    const auto found = wanted.find(name);
    if (found == wanted.end()) {
      list.push_back(entry);
      return;
    }
    const auto value = std::move(found->second);
    wanted.erase(found);
    const auto text = fmt::format("{} {}", name, shown_value);
    if (!value) {
      note("build.env", text, "");
      return;
    }
    Value replaced = {{"name", name}, {"value", *value}};
    if (replaced != entry) note("build.env", text, fmt::format("{} (another value)", name));
    list.push_back(std::move(replaced));
  }

  const Image& image_;
  Value spec_;
  Patch patch_;
};

}  // namespace

Patch patch_for(const Image& image, const ImageChange& change) {
  PatchMaker maker(image);
  if (change.source) maker.set_source(*change.source, change.fields);
  if (change.sub_path) {
    maker.set({"source", "subPath"}, change.sub_path->empty() ? Value() : Value(*change.sub_path));
  }
  if (change.builder) maker.set_builder(*change.builder);
  maker.set_env(change.env);
  if (change.service_account) maker.set({"serviceAccountName"}, *change.service_account);
  if (change.cache) maker.set_cache(*change.cache);
  if (change.additional_tags) maker.set({"additionalTags"}, *change.additional_tags);
  return maker.take();
}

Value new_image(const std::string& space, const std::string& name, const std::string& tag, const ImageChange& change) {
  const Value bare = {{"metadata", {{"name", name}, {"namespace", space}}}};
  auto spec = patch_for(Image(bare), change).spec;
  spec["tag"] = tag;
  return {{"apiVersion", api_version},
          {"kind", image_resource.kind},
          {"metadata", {{"name", name}, {"namespace", space}}},
          {"spec", std::move(spec)}};
}

}  // namespace kpack
