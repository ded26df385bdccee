#include "image/put_params.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "lifecycle/bindings.hpp"
#include "lifecycle/prepare.hpp"
#include "registry/reference.hpp"

namespace image {

void describe(json::Fields<BindingParam>& fields) {
  fields.required("type", &BindingParam::type, "the type that buildpacks look for, such as maven or ca-certificates");
  fields.optional("provider", &BindingParam::provider, "which of several providers of the type it is");
  fields.optional("secrets", &BindingParam::secrets, "files of the binding: names and contents");
}

void describe(json::Fields<PutParams>& fields) {
  fields.optional("source", &PutParams::source,
                  "directory with the application's source, below the inputs; required unless rebase is only");
  fields.optional("path", &PutParams::path,
                  "the application's directory below source; all of source is there for the build, as shared/ of a "
                  "monorepo");
  fields.optional("run_image", &PutParams::run_image,
                  "the base of the image: a reference, or the directory of a get; default: the builder's run.toml");
  fields.optional("env", &PutParams::env, "variables that the buildpacks see (BP_...)");
  fields.optional("process", &PutParams::process,
                  "process type that starts by default; default: the buildpacks' choice");
  fields.optional("additional_tags", &PutParams::additional_tags, "tags that are set beside source.tag");
  fields.optional("labels", &PutParams::labels, "labels of the image");
  fields.optional("project", &PutParams::project, "the project descriptor, below source; default project.toml");
  fields.optional(
      "builder", &PutParams::builder,
      "what the step runs in: the directory of a get of the builder, or a reference; for the build's record");
  fields.optional("bindings", &PutParams::bindings,
                  "service bindings for the build, by name: a directory of the inputs, or type, provider and secrets");
  fields.optional("rebase", &PutParams::rebase,
                  "what happens where the run image alone has changed: auto (a rebase where that can be, else a build; "
                  "the default), never (a build), only (a rebase or an error; no source is needed)");
  fields.optional("force", &PutParams::force,
                  "true: builds though nothing has changed; with rebase: only, on any base");
  fields.optional("clear_cache", &PutParams::clear_cache, "true: builds as if there were no cache and no last image");
  fields.refused("image", "put builds params.source; to push a ready image use the registry-image resource");
}

PutParams read_put_params(const json::Value& value) {
  auto params = json::read<PutParams>(value, "params");
  if (params.source.empty() && params.rebase != Rebase::only) {
    json::missing_field("params", "source", "directory with the application's source, below the inputs");
  }
  if (params.rebase == Rebase::only && (!params.source.empty() || !params.env.empty())) {
    json::wrong_value("params.rebase", "a rebase alone reads no source and no env", "leave them out, or set auto");
  }
  for (const auto& [name, text] : params.env) {
    if (const auto flaw = lifecycle::flaw_of_variable(name, text)) json::wrong_value("params.env." + name, *flaw);
  }
  const std::filesystem::path part(params.path);
  if (part.is_absolute() || (!params.path.empty() && *part.lexically_normal().begin() == "..")) {
    json::wrong_value("params.path", "it is not a path below params.source", "as in params.path: services/customers");
  }
  for (const auto& [name, binding] : params.bindings) {
    if (const auto flaw = lifecycle::flaw_of_binding_name(name)) json::wrong_value("params.bindings", *flaw);
    for (const auto& [entry, text] : binding.secrets) {
      const auto flaw = lifecycle::flaw_of_binding_name(entry);
      if (flaw) json::wrong_value("params.bindings." + name + ".secrets", *flaw);
    }
  }
  for (std::size_t i = 0; i < params.additional_tags.size(); ++i) {
    if (!registry::is_tag(params.additional_tags[i])) {
      json::wrong_value(fmt::format("params.additional_tags[{}]", i),
                        fmt::format("\"{}\" is not a tag", base::printable(params.additional_tags[i])),
                        "a tag has letters, digits, _, . and -, at most 128");
    }
  }
  for (const auto& [name, text] : params.labels) {
    if (name.empty()) json::wrong_value("params.labels", "a label needs a name");
    if (name.starts_with("io.buildpacks.")) {
      json::wrong_value("params.labels." + name, "labels io.buildpacks.* are the lifecycle's own");
    }
  }
  return params;
}

}  // namespace image

namespace json {
namespace {

const Choices<image::Rebase> rebases{
    {"auto", image::Rebase::automatic}, {"never", image::Rebase::never}, {"only", image::Rebase::only}};

}  // namespace

// Also true and false, as one who only wants to switch it off would write.
image::Rebase Type<image::Rebase>::read(const Value& value, const std::string& path) {
  if (value.is_boolean()) return value.get<bool>() ? image::Rebase::automatic : image::Rebase::never;
  return read_choice(value, path, rebases);
}
image::BindingParam Type<image::BindingParam>::read(const Value& value, const std::string& path) {
  if (value.is_string()) return {value.get<std::string>(), "", "", {}};
  Fields<image::BindingParam> fields;
  image::describe(fields);
  return fields.read(value, path);
}
Value Type<image::BindingParam>::schema() {
  Fields<image::BindingParam> fields;
  image::describe(fields);
  return {{"anyOf", {{{"type", "string"}}, fields.schema()}}};
}

Value Type<image::Rebase>::schema() { return {{"anyOf", {choice_schema(rebases), {{"type", "boolean"}}}}}; }

}  // namespace json
