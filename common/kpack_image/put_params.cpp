#include "kpack_image/put_params.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <type_traits>

#include "base/error.hpp"
#include "kpack/duration.hpp"
#include "kubernetes/names.hpp"
#include "registry/reference.hpp"

namespace kpack_image {
namespace {

using json::Value;

template <class Fields>
void describe_image(json::Fields<Fields>& fields) {
  const auto add = [&fields](std::string_view name, auto ImageFields::*member, std::string_view help) {
    using Member = std::remove_reference_t<decltype(std::declval<Fields&>().*member)>;
    fields.optional(name, static_cast<Member Fields::*>(member), help);
  };
  add("sub_path", &ImageFields::sub_path, "the directory within the source that is built. Empty: all of it");
  add("builder", &ImageFields::builder, "the builder, as `kp image patch --cluster-builder` sets it");
  add("env", &ImageFields::env,
      "variables of the build, merged by name. `null` removes one. Whoever may read Images can read them");
  add("service_account", &ImageFields::service_account, "the service account whose secrets the build uses");
  add("cache", &ImageFields::cache, "where the build cache is kept: a volume or an image");
  add("additional_tags", &ImageFields::additional_tags, "list of whole references that the image gets beside its tag");
}

// Which cluster takes which names changes; what none takes is told before anything is written.
void require_variable(const std::string& name, const std::string& path) {
  const bool can_be = !name.empty() && name.find('=') == std::string::npos &&
                      std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!can_be) {
    json::wrong_value(path, fmt::format("\"{}\" cannot be a variable of a pod", base::printable(name, 128)),
                      "give printable ASCII without blanks and =");
  }
}

std::map<std::string, std::optional<std::string>> read_env(const std::map<std::string, Value>& env,
                                                           const std::string& path) {
  std::map<std::string, std::optional<std::string>> result;
  for (const auto& [name, value] : env) {
    const auto place = fmt::format("{}.{}", path, base::printable(name, 128));
    // What stands in an Image already may be removed, whatever its name.
    if (value.is_null()) {
      result[name] = std::nullopt;
      continue;
    }
    require_variable(name, place);
    result[name] = json::read<std::string>(value, place);
  }
  return result;
}

Value read_cache(const CacheFields& cache, const std::string& path) {
  if (cache.volume.has_value() == cache.registry.has_value()) {
    json::wrong_value(path,
                      cache.volume ? "volume and registry are given, and a cache is one of them"
                                   : "it says neither volume nor registry",
                      "give one of them");
  }
  if (cache.registry) {
    static_cast<void>(registry::Reference::parse(cache.registry->tag, path + ".registry.tag"));
    return {{"registry", {{"tag", cache.registry->tag}}}};
  }
  Value volume = {{"size", cache.volume->size}};
  if (!cache.volume->storage_class.empty()) volume["storageClassName"] = cache.volume->storage_class;
  return {{"volume", std::move(volume)}};
}

kpack::BuilderReference read_builder(const BuilderFields& builder, const std::string& path) {
  if (builder.kind != "ClusterBuilder" && builder.kind != "Builder") {
    const auto near = json::nearest(builder.kind, {"ClusterBuilder", "Builder"});
    json::wrong_value(path + ".kind",
                      fmt::format("\"{}\" is not one of ClusterBuilder, Builder", base::printable(builder.kind, 64)),
                      near ? fmt::format("did you mean \"{}\"?", *near) : "");
  }
  kubernetes::require_dns_subdomain(builder.name, path + ".name");
  if (builder.kind == "ClusterBuilder" && !builder.space.empty()) {
    json::wrong_value(path + ".namespace", "a ClusterBuilder has none", "leave it out, or set kind: Builder");
  }
  if (!builder.space.empty()) kubernetes::require_dns_label(builder.space, path + ".namespace");
  return {builder.kind, builder.name, builder.space};
}

void require_sub_path(const std::string& text, const std::string& path) {
  const auto wrapped = "/" + text + "/";
  if (text.starts_with('/') || wrapped.find("/../") != std::string::npos) {
    json::wrong_value(path, fmt::format("\"{}\" leads out of the source", base::printable(text, 128)));
  }
}

kpack::ImageChange read_change(const ImageFields& fields, const std::string& path) {
  kpack::ImageChange change;
  change.fields = field_names();
  if (fields.sub_path) require_sub_path(*fields.sub_path, path + ".sub_path");
  change.sub_path = fields.sub_path;
  if (fields.builder) change.builder = read_builder(*fields.builder, path + ".builder");
  change.env = read_env(fields.env, path + ".env");
  if (fields.service_account) {
    kubernetes::require_dns_subdomain(*fields.service_account, path + ".service_account");
  }
  change.service_account = fields.service_account;
  if (fields.cache) change.cache = read_cache(*fields.cache, path + ".cache");
  change.additional_tags = fields.additional_tags;
  if (change.additional_tags) {
    for (std::size_t i = 0; i < change.additional_tags->size(); ++i) {
      static_cast<void>(
          registry::Reference::parse((*change.additional_tags)[i], fmt::format("{}.additional_tags[{}]", path, i)));
    }
  }
  return change;
}

kpack::ImageChange over(kpack::ImageChange first, const kpack::ImageChange& change) {
  if (change.sub_path) first.sub_path = change.sub_path;
  if (change.builder) first.builder = change.builder;
  for (const auto& [name, value] : change.env) first.env[name] = value;
  if (change.service_account) first.service_account = change.service_account;
  if (change.cache) first.cache = change.cache;
  if (change.additional_tags) first.additional_tags = change.additional_tags;
  return first;
}

void require_one_source(const PutFields& fields) {
  std::vector<std::string> given;
  for (const auto& [name, value] : {std::pair<std::string, const std::string*>{"commitish", &fields.commitish},
                                    {"blob_url_path", &fields.blob_url_path},
                                    {"blob_url_file", &fields.blob_url_file},
                                    {"blob_url", &fields.blob_url},
                                    {"source", &fields.source}}) {
    if (!value->empty()) given.push_back(name);
  }
  if (given.size() > 1) {
    json::wrong_value("params", fmt::format("{} and {} name two sources", given[0], given[1]), "give one of them");
  }
}

}  // namespace

void describe(json::Fields<BuilderFields>& fields) {
  fields.optional("kind", &BuilderFields::kind, "`ClusterBuilder` or `Builder`. Default: `ClusterBuilder`");
  fields.required("name", &BuilderFields::name, "its name");
  fields.optional("namespace", &BuilderFields::space, "the namespace of a Builder. Default: the Image's");
}

void describe(json::Fields<VolumeFields>& fields) {
  fields.required("size", &VolumeFields::size, "the volume's size, as in 2G");
  fields.optional("storage_class", &VolumeFields::storage_class, "its storage class. Default: the cluster's");
}

void describe(json::Fields<RegistryCacheFields>& fields) {
  fields.required("tag", &RegistryCacheFields::tag, "the image that holds the cache");
}

void describe(json::Fields<CacheFields>& fields) {
  fields.optional("volume", &CacheFields::volume, "a volume of the cluster");
  fields.optional("registry", &CacheFields::registry, "an image in a registry");
}

void describe(json::Fields<CreateFields>& fields) {
  fields.required("tag", &CreateFields::tag, "the reference that the image gets; it cannot be changed later");
  fields.optional("git_url", &CreateFields::git_url, "the git repository that commits are of");
  describe_image(fields);
}

void describe(json::Fields<PutFields>& fields) {
  fields.optional("commitish", &PutFields::commitish, "a file with the revision to build. Example: `app/.git/ref`");
  fields.optional("source", &PutFields::source,
                  "a directory to build. A checkout of the Image's repository without changes is built by its commit; "
                  "other files are pushed as a source image");
  fields.optional("blob_url_path", &PutFields::blob_url_path, "a file with the URL of an archive to build");
  fields.optional("blob_url_file", &PutFields::blob_url_file, "another name of `blob_url_path`");
  fields.optional("blob_url", &PutFields::blob_url, "the URL of an archive to build");
  describe_image(fields);
  fields.optional("trigger", &PutFields::trigger,
                  "build also where kpack sees no reason to, as `kp image trigger` does. Default: false");
  fields.optional("wait", &PutFields::wait,
                  "wait for the build. `false`: the put ends when the Image is written, and its version is the image "
                  "that stands. Default: true");
  fields.optional("timeout", &PutFields::timeout,
                  "how long the build is waited for, as in `45m` or `1h30m`. Default: `1h`");
  fields.optional(
      "create", &PutFields::create,
      "what the Image begins with if it is not there, `tag` and `builder` at least. Later puts do not look at it");
}

kpack::FieldNames field_names() {
  return {.trigger = "params.trigger",
          .timeout = "params.timeout",
          .builder = "params.builder",
          .git_url = "params.create.git_url"};
}

PutParams read_put_params(const Value& params) {
  PutParams result;
  result.fields = json::read<PutFields>(params, "params");
  require_one_source(result.fields);
  result.change = read_change(result.fields, "params");
  const auto timeout = kpack::parse_duration(result.fields.timeout);
  if (!timeout) {
    json::wrong_value("params.timeout",
                      fmt::format("\"{}\" is not a duration", base::printable(result.fields.timeout, 64)),
                      "give hours, minutes and seconds, as in 1h30m");
  }
  result.timeout = *timeout;
  if (const auto& create = result.fields.create) {
    const auto tag = registry::Reference::parse(create->tag, "params.create.tag");
    if (tag.digest) json::wrong_value("params.create.tag", "it has a digest", "give a repository and a tag");
    result.first = over(read_change(*create, "params.create"), result.change);
    if (!result.first->builder) json::missing_field("params.create", "builder", "the builder of the new Image");
  }
  return result;
}

}  // namespace kpack_image
