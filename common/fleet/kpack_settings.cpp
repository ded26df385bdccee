#include "fleet/kpack_settings.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "kpack/rebuild.hpp"
#include "kpack/resources.hpp"
#include "registry/input.hpp"

namespace fleet {
namespace {

using base::Error;
using base::ErrorKind;
using json::Value;
using kpack::Settings;

constexpr std::string_view stack_label = "io.buildpacks.stack.id";
constexpr std::string_view mixins_label = "io.buildpacks.stack.mixins";
constexpr std::string_view buildpackage_label = "io.buildpacks.buildpackage.metadata";
constexpr std::string_view order_label = "io.buildpacks.buildpack.order";
constexpr std::size_t longest_id = 200;
constexpr std::size_t longest_cause = 300;

// An image that a param names, as it is now.
struct Named {
  std::string field;              // "params.run_image"
  registry::Reference reference;  // by digest
  registry::Image image;

  [[nodiscard]] std::string text() const { return reference.text(); }
  [[noreturn]] void refuse(std::string cause, std::string remedy) const {
    throw Error(ErrorKind::usage, {"use " + field, text(), std::move(cause), std::move(remedy)});
  }
};

Named read(const Operation& operation, const std::string& text, const std::string& field) {
  const auto given = registry::image_of_input(operation.inputs, text, field);
  const auto named = operation.client.resolve(given);
  const auto reference = named ? given.with(named->digest) : given;
  auto image = named ? operation.client.find_image(reference, registry::host_platform()) : std::nullopt;
  if (!image) {
    throw Error(ErrorKind::not_found, {"find the image of " + field, given.text(), "there is no such image",
                                       "check " + field + ", and source.registries for its credentials"});
  }
  return {field, reference, *std::move(image)};
}

std::string stack_id(const Named& named) {
  auto id = named.image.label(stack_label).value_or("");
  if (id.empty()) {
    named.refuse(fmt::format("it has no label {}, by which kpack takes it into a stack", stack_label),
                 "name a stack's image");
  }
  return base::printable(id, longest_id);
}

// Those that both images of a stack need, without the ones of one of them alone ("build:git", "run:curl").
std::vector<std::string> common_mixins(const std::vector<std::string>& mixins) {
  std::vector<std::string> result;
  std::copy_if(mixins.begin(), mixins.end(), std::back_inserter(result),
               [](const auto& mixin) { return !mixin.starts_with("build:") && !mixin.starts_with("run:"); });
  return result;
}

std::vector<std::string> mixins_of(const Named& named) {
  std::vector<std::string> result;
  const auto text = named.image.label(mixins_label);
  if (!text || text->empty()) return result;
  const auto list = json::parse(*text, fmt::format("the label {} of {}", mixins_label, named.text()));
  if (!list.is_array()) named.refuse(fmt::format("its label {} is not a list", mixins_label), "build the image anew");
  for (const auto& mixin : list) {
    if (mixin.is_string()) result.push_back(mixin.get<std::string>());
  }
  return result;
}

// As kpack has it (pkg/cnb, remote_stack_reader.go): the run image has every common mixin of the build image.
void require_mixins(const std::vector<std::string>& build, const std::vector<std::string>& run, const Named& named,
                    const std::string& remedy) {
  for (const auto& mixin : common_mixins(build)) {
    if (std::find(run.begin(), run.end(), mixin) != run.end()) continue;
    named.refuse(fmt::format("the build image has the mixin {}, and the run image has not: kpack takes no such stack",
                             base::printable(mixin, longest_id)),
                 remedy);
  }
}

std::string text_of(const Settings& settings, const std::string& path) {
  const auto found = settings.find(path);
  return found != settings.end() && found->second.is_string() ? found->second.get<std::string>() : "";
}

void require_stack_id(const Named& named, const kpack::TargetObject& stack, const char* other) {
  const auto id = stack_id(named);
  const auto wanted = text_of(stack.settings, "id");
  if (id == wanted) return;
  named.refuse(fmt::format("its stack id is {}, and that of the {} is {}: kpack takes none but its own", id,
                           kpack::text_of(stack.target), wanted),
               fmt::format("give params.{} of the stack {}, too", other, id));
}

void add_run_image(Wanted& wanted, Named run) {
  wanted.settings["runImage.image"] = run.text();
  // kpack names the platform's manifest where the run image is an index.
  wanted.run_image = run.reference.with(run.image.raw.digest).text();
  wanted.base = std::move(run.image);
}

Wanted stack_settings(const Operation& operation, const kpack::TargetObject& now) {
  const auto& params = operation.params;
  Wanted wanted;
  std::optional<Named> run;
  std::optional<Named> build;
  if (!params.run_image.empty()) run = read(operation, params.run_image, "params.run_image");
  if (!params.build_image.empty()) build = read(operation, params.build_image, "params.build_image");
  if (run && build) {
    const auto id = stack_id(*run);
    if (const auto other = stack_id(*build); other != id) {
      build->refuse(fmt::format("its stack id is {}, and that of params.run_image is {}", other, id),
                    "give both images of one stack");
    }
    wanted.settings["id"] = id;
    require_mixins(mixins_of(*build), mixins_of(*run), *run, "give both images of one version of the stack");
  } else if (run) {
    require_stack_id(*run, now, "build_image");
    require_mixins(now.mixins, mixins_of(*run), *run, "give params.build_image of the same version, too");
  } else {
    require_stack_id(*build, now, "run_image");
    require_mixins(mixins_of(*build), now.mixins, *build, "give params.run_image of the same version, too");
  }
  if (build) wanted.settings["buildImage.image"] = build->text();
  if (run) add_run_image(wanted, *std::move(run));
  return wanted;
}

// What is there stays, as by `kp clusterstore add`: of each buildpack a builder takes the newest version.
Settings store_settings(const Operation& operation, const kpack::TargetObject& now) {
  const auto found = now.settings.find("sources");
  Value sources = found == now.settings.end() ? Value::array() : found->second;
  const auto& buildpackages = operation.params.buildpackages;
  for (std::size_t i = 0; i < buildpackages.size(); ++i) {
    const auto named = read(operation, buildpackages[i], fmt::format("params.buildpackages[{}]", i));
    if (!named.image.label(buildpackage_label)) {
      named.refuse(fmt::format("it is not a buildpackage: it has no label {}", buildpackage_label),
                   "name what `pack buildpack package` made");
    }
    const auto digest = named.reference.digest->text();
    const bool is_there = std::any_of(sources.begin(), sources.end(), [&](const Value& source) {
      return kpack::identifier_of(json::text_or(source, "image")) == digest;
    });
    if (is_there) {
      operation.log.info(fmt::format("{} is in the store already", named.text()));
    } else {
      sources.push_back({{"image", named.text()}});
    }
  }
  return {{"sources", std::move(sources)}};
}

// From a builder's label, which has versions and ids alone, as `kp clusterbuilder patch --order-from` reads it.
Value order_of(const Named& builder) {
  const auto text = builder.image.label(order_label);
  if (!text) builder.refuse(fmt::format("it is not a builder: it has no label {}", order_label), "name a builder");
  const auto label = json::parse(*text, fmt::format("the label {} of {}", order_label, builder.text()));
  Value order = Value::array();
  for (const auto& entry : label) {
    const auto* group = json::find(entry, "group");
    if (group == nullptr || !group->is_array()) continue;
    Value buildpacks = Value::array();
    for (const auto& member : *group) {
      const auto id = json::text_or(member, "id");
      if (id.empty()) continue;
      Value buildpack = {{"id", id}};
      if (const auto version = json::text_or(member, "version"); !version.empty()) buildpack["version"] = version;
      if (const auto* optional = json::find(member, "optional"); optional != nullptr && *optional == true) {
        buildpack["optional"] = true;
      }
      buildpacks.push_back(std::move(buildpack));
    }
    order.push_back({{"group", std::move(buildpacks)}});
  }
  if (order.empty()) builder.refuse(fmt::format("its label {} has no group", order_label), "name a builder");
  return order;
}

Value order_of(const std::vector<GroupFields>& groups) {
  Value order = Value::array();
  for (const auto& [group] : groups) {
    Value buildpacks = Value::array();
    for (const auto& [id, version, optional] : group) {
      Value buildpack = {{"id", id}};
      if (!version.empty()) buildpack["version"] = version;
      if (optional) buildpack["optional"] = true;
      buildpacks.push_back(std::move(buildpack));
    }
    order.push_back({{"group", std::move(buildpacks)}});
  }
  return order;
}

// A name that kpack would look for in vain is known before anything is written.
void require_there(kubernetes::Client& cluster, const kpack::Target& target, const char* field) {
  if (cluster.find(kpack::resource_of(target.kind), "", target.name)) return;
  json::wrong_value(field, fmt::format("there is no {}", kpack::text_of(target)),
                    fmt::format("name one of: kubectl get {}", kpack::resource_of(target.kind).plural));
}

Settings builder_settings(const Operation& operation, kubernetes::Client& cluster) {
  const auto& params = operation.params;
  Settings settings;
  if (!params.stack.empty()) {
    require_there(cluster, {kpack::TargetKind::stack, params.stack}, "params.stack");
    settings["stack.name"] = params.stack;
  }
  if (!params.store.empty()) {
    require_there(cluster, {kpack::TargetKind::store, params.store}, "params.store");
    settings["store.name"] = params.store;
  }
  if (!params.order.empty()) settings["order"] = order_of(params.order);
  if (!params.builder.empty()) settings["order"] = order_of(read(operation, params.builder, "params.builder"));
  return settings;
}

}  // namespace

Wanted wanted_settings(const Operation& operation, const kpack::TargetObject& now, kubernetes::Client& cluster) {
  switch (now.target.kind) {
    case kpack::TargetKind::stack:
      return stack_settings(operation, now);
    case kpack::TargetKind::store:
      return {store_settings(operation, now), "", std::nullopt};
    case kpack::TargetKind::builder:
      return {builder_settings(operation, cluster), "", std::nullopt};
  }
  return {};
}

Wanted wanted_of_version(const Operation& operation, const FleetRecord& earlier, const kpack::Target& target) {
  if (!earlier.target) {
    json::wrong_value("params.rollback", "that version is not of a fleet that kpack builds",
                      "name a get of an earlier version of this fleet");
  }
  if (!(earlier.target->target == target)) {
    json::wrong_value("params.rollback",
                      fmt::format("that version is of the {}, not of the {}", kpack::text_of(earlier.target->target),
                                  kpack::text_of(target)),
                      "name a get of an earlier version of this fleet");
  }
  // A dry run only says what would have been set.
  const bool is_dry = earlier.operation == operation::dry_run;
  Wanted wanted{is_dry ? earlier.target->before : earlier.target->now, "", std::nullopt};
  const auto run_image = text_of(wanted.settings, "runImage.image");
  if (!run_image.empty()) add_run_image(wanted, read(operation, run_image, "params.rollback"));
  return wanted;
}

packages::Comparison compare(registry::Client& client, const std::string& before, const std::string& now,
                             const registry::Image& image) {
  try {
    const auto old = registry::Reference::parse(before, "the stack's run image");
    const auto old_image = client.find_image(old, registry::host_platform());
    if (!old_image) return {{}, "the registry does not have the old base any more"};
    const auto repository = registry::Reference::parse(now, "the run image").repository;
    packages::Inspector inspector(client);
    return packages::compare(inspector.read(old.repository, old_image->manifest.layers),
                             inspector.read(repository, image.manifest.layers));
  } catch (const Error& error) {
    return {{}, base::printable(error.report().cause, longest_cause)};
  }
}

}  // namespace fleet
