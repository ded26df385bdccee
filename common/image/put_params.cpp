#include "image/put_params.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "image/input_match.hpp"
#include "image/ready_tags.hpp"
#include "lifecycle/bindings.hpp"
#include "lifecycle/prepare.hpp"
#include "registry/reference.hpp"

namespace image {

void describe(json::Fields<BindingParam>& fields) {
  fields.required("type", &BindingParam::type, "the type that buildpacks look for, such as maven or ca-certificates");
  fields.optional("provider", &BindingParam::provider, "which of several providers of the type it is");
  fields.optional("secrets", &BindingParam::secrets, "the files of the binding: their names and contents");
}

void describe(json::Fields<PutParams>& fields) {
  fields.optional("source", &PutParams::source,
                  "the directory with the application's source, below the put's inputs. Required unless `image` is "
                  "given or `rebase` is `only`");
  fields.optional("path", &PutParams::path,
                  "the application's directory below `source`. All of `source` is there for the build, such as the "
                  "shared directories of a monorepo");
  fields.optional(
      "run_image", &PutParams::run_image,
      "the base of the image: the directory of a get, or a reference. Default: what the builder's `run.toml` names");
  fields.optional("builder", &PutParams::builder,
                  "the builder that the step runs in, for the build record: the directory of a get, or a reference");
  fields.optional("env", &PutParams::env, "variables that the buildpacks see. Example: `{BP_JVM_VERSION: 21}`");
  fields.optional(
      "bindings", &PutParams::bindings,
      "service bindings for the build, by name: a directory of the inputs, or `type`, `provider` and `secrets`");
  fields.optional("process", &PutParams::process,
                  "the process type that the image starts. Default: the buildpacks' choice");
  fields.optional("labels", &PutParams::labels, "labels of the image");
  fields.optional(
      "project", &PutParams::project,
      "the project descriptor, below `source`. Default: `project.toml` in the application's directory, if it is there");
  fields.optional("rebase", &PutParams::rebase,
                  "what to do where the run image alone has changed. `auto`: a rebase if that is possible, else a "
                  "build. `never`: a build. `only`: a rebase, or an error; no source is needed. Default: `auto`");
  fields.optional("force", &PutParams::force,
                  "build though nothing has changed. With `rebase: only`: on any run image. Default: false");
  fields.optional("clear_cache", &PutParams::clear_cache,
                  "build as if there were no cache and no last image. Default: false");
  fields.optional(
      "image", &PutParams::image,
      "push an image that is ready, in place of `source`: an archive of `docker save`, or an OCI image layout in an "
      "archive or a directory, below the inputs. A pattern may name it, as in `app/image-*.tar`");
  fields.optional("version", &PutParams::version,
                  "with `image`: a semantic version that becomes a tag, with `source.variant` behind it");
  fields.optional("bump_aliases", &PutParams::bump_aliases,
                  "with `version`: move the tags 1.2, 1 and latest (of 1.2.3) too, each unless a higher version of its "
                  "series is there. Default: false");
  fields.optional("annotations", &PutParams::annotations, "with `image`: annotations of its manifest, or of its index");
  fields.optional("additional_tags", &PutParams::additional_tags,
                  "tags that are set beside `source.tag`: a list, or a file of the inputs with words");
  fields.optional("tag_prefix", &PutParams::tag_prefix, "what stands before each of `additional_tags`");
}

namespace {

void require_tag(const std::string& tag, const std::string& field) {
  if (registry::is_tag(tag)) return;
  json::wrong_value(field, fmt::format("\"{}\" is not a tag", base::printable(tag, 160)),
                    "a tag has letters, digits, _, . and -, at most 128");
}

// What has no meaning for an image that is ready would be silently dropped.
void require_ready(const PutParams& params) {
  const auto refuse = [](const char* name, bool given) {
    if (given) {
      json::wrong_value(std::string("params.") + name, "it has no effect on params.image, which is pushed as it is",
                        "leave out one of the two");
    }
  };
  refuse("source", !params.source.empty());
  refuse("path", !params.path.empty());
  refuse("run_image", !params.run_image.empty());
  refuse("env", !params.env.empty());
  refuse("process", !params.process.empty());
  refuse("labels", !params.labels.empty());
  refuse("project", !params.project.empty());
  refuse("builder", !params.builder.empty());
  refuse("bindings", !params.bindings.empty());
  refuse("rebase", params.rebase != Rebase::automatic);
  refuse("force", params.force);
  refuse("clear_cache", params.clear_cache);
  if (!params.version.empty()) static_cast<void>(version_tag(params.version, ""));
  for (const auto& [name, text] : params.annotations) {
    if (name.empty()) json::wrong_value("params.annotations", "an annotation needs a name");
  }
}

void require_build(const PutParams& params) {
  const auto refuse = [](const char* name, bool given) {
    if (given) {
      json::wrong_value(std::string("params.") + name, "it has no effect without params.image",
                        "name the image that is to be pushed, or leave it out");
    }
  };
  refuse("version", !params.version.empty());
  refuse("bump_aliases", params.bump_aliases);
  refuse("annotations", !params.annotations.empty());
}

void require_tags(const PutParams& params) {
  const auto& given = params.additional_tags;
  if (!params.tag_prefix.empty() && given.tags.empty() && given.file.empty()) {
    json::wrong_value("params.tag_prefix", "tag_prefix can only be used when additional_tags are specified",
                      "give params.additional_tags, or leave it out");
  }
  for (std::size_t i = 0; i < given.tags.size(); ++i) {
    require_tag(params.tag_prefix + given.tags[i], fmt::format("params.additional_tags[{}]", i));
  }
}

}  // namespace

PutParams read_put_params(const json::Value& value) {
  auto params = json::read<PutParams>(value, "params");
  require_tags(params);
  if (!params.image.empty()) {
    require_ready(params);
    return params;
  }
  require_build(params);
  if (params.source.empty() && params.rebase != Rebase::only) {
    json::missing_field("params", "source",
                        "directory with the application's source, or give params.image to push an image that is ready");
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
  for (const auto& [name, text] : params.labels) {
    if (name.empty()) json::wrong_value("params.labels", "a label needs a name");
    if (name.starts_with("io.buildpacks.")) {
      json::wrong_value("params.labels." + name, "labels io.buildpacks.* are the lifecycle's own");
    }
  }
  return params;
}

std::vector<std::string> additional_tags(const PutParams& params, const std::filesystem::path& inputs, base::Log& log) {
  const std::string field = "params.additional_tags";
  const auto& given = params.additional_tags;
  auto tags = given.tags;
  if (!given.file.empty()) {
    tags = words_of_input(inputs, given.file, field);
    if (tags.empty() && !params.tag_prefix.empty()) {
      json::wrong_value("params.tag_prefix", "tag_prefix can only be used when additional_tags are specified, and " +
                                                 base::printable(given.file) + " holds none");
    }
    if (tags.empty()) log.warning(fmt::format("{}: the file {} holds no tags", field, given.file));
  }
  for (auto& tag : tags) {
    tag = params.tag_prefix + tag;
    require_tag(tag, given.file.empty() ? field : fmt::format("{}, the file {}", field, base::printable(given.file)));
  }
  return tags;
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

image::TagsParam Type<image::TagsParam>::read(const Value& value, const std::string& path) {
  if (value.is_string()) return {{}, value.get<std::string>()};
  return {json::read<std::vector<std::string>>(value, path), ""};
}
Value Type<image::TagsParam>::schema() {
  return {{"anyOf", {json::schema<std::vector<std::string>>(), {{"type", "string"}}}}};
}

Value Type<image::Rebase>::schema() { return {{"anyOf", {choice_schema(rebases), {{"type", "boolean"}}}}}; }

}  // namespace json
