#include "image/preparation.hpp"

#include <charconv>
#include <fmt/format.h>
#include <memory>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/presence.hpp"
#include "base/wording.hpp"
#include "build_version.hpp"
#include "image/put_inputs.hpp"
#include "lifecycle/file_sketch.hpp"
#include "lifecycle/layers.hpp"
#include "lifecycle/prepare.hpp"
#include "registry/input.hpp"

namespace image {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

// The launcher lies beside this program; where /proc is missing, at the place where a resource's programs are.
fs::path launcher_path() {
  std::error_code error;
  const auto program = fs::read_symlink("/proc/self/exe", error);
  auto path = (error ? fs::path("/opt/resource") : program.parent_path()) / "launcher";
  if (!base::target_if_exists(path)) {
    throw Error(ErrorKind::internal, {"find the launcher", path.string(), "there is no such file",
                                      "install the programs of this resource together"});
  }
  return path;
}

lifecycle::Platform platform_of(const PutParams& params, const base::Environment& environment) {
  lifecycle::Platform platform;
  platform.launcher = launcher_path();
  platform.launcher_version = BUILD_SERVICE_VERSION;
  platform.fields = {"params.source", "params.run_image", "params.project"};
  if (!params.path.empty()) platform.application = platform.workspace / fs::path(params.path).lexically_normal();
  return lifecycle::read_platform(environment, std::move(platform));
}

lifecycle::RunImageChoice run_image_choice(const PutContext& context) {
  lifecycle::RunImageChoice choice{std::nullopt, {}, "params.run_image"};
  if (!context.params.run_image.empty()) {
    choice.named = registry::image_of_input(context.inputs, context.params.run_image, choice.field);
  }
  return choice;
}

std::string target_text(const PutContext& context) { return target_of(context.source).text(); }

// What stands is only then the answer when the registry still has all of it.
Decision decide_on_whole_image(const PutContext& context, Preparation& preparation) {
  auto& standing = preparation.found.standing;
  auto decision = decide(preparation.wanted, standing, *preparation.found.run_image);
  if (decision.action != Action::unchanged || lifecycle::is_whole(context.client, *standing.previous.image)) {
    return decision;
  }
  return decide_without_lost(context, preparation);
}

Decision decide_alone(const PutContext& context, const Found& found) {
  return decide_rebase(target_text(context), context.params.force, found.standing, found.run_image);
}

void describe(const lifecycle::ExaminedSource& source, base::Log& log) {
  if (source.project.names_buildpacks) {
    log.warning("the project descriptor names buildpacks or a builder: those of the builder image are used");
  }
  const auto& origin = source.origin;
  if (!origin.commit.empty())
    log.info("commit " + origin.commit + (origin.subject.empty() ? "" : " ") + origin.subject);
}

}  // namespace

Preparation prepare(const PutContext& context) {
  auto& log = context.step.log;
  const auto& params = context.params;
  Preparation result;
  const auto location = source_location(params, context.inputs);
  result.platform = platform_of(params, context.step.environment);
  const auto bindings = read_bindings(params, context.inputs);
  result.secrets = secrets_of(params, bindings);
  for (const auto& secret : secrets_of(bindings)) log.redact(base::Secret(secret.value));
  auto choice = run_image_choice(context);
  choice.known = buildpacks::read_run_images(result.platform.cnb / "run.toml", result.platform.cnb / "stack.toml");
  // What names nothing is told before anything is begun.
  context.phases.begin("PREPARING");
  base::Workers beside(1);
  auto looking = beside.submit([&] { return look_up(context.client, context.source, choice, log); });
  lifecycle::SourceSettings settings{std::nullopt, params.env};
  if (!params.project.empty()) settings.project = params.project;
  // Shared, for it may hold a hundred thousand files.
  const auto examined =
      std::make_shared<const lifecycle::ExaminedSource>(lifecycle::examine(location, settings, result.platform.fields));
  const auto& source = *examined;
  describe(source, log);
  if (source.origin.commit.empty()) result.files = lifecycle::sketch_of(source.tree);
  result.found = looking.get();
  result.wanted = {
      target_text(context),
      lifecycle::build_inputs(source, {params.process, params.labels, creation_time(context.step.environment),
                                       params.path, result.platform.execution_environment, bindings}),
      lifecycle::read_builder_contents(result.platform),
      params.rebase,
      params.force,
      params.clear_cache};
  result.decision = decide_on_whole_image(context, result);
  const bool is_build = result.decision.action == Action::build;
  result.make_workspace = [platform = result.platform, examined, bindings] {
    lifecycle::prepare(platform, *examined, bindings);
  };
  if (is_build) result.make_workspace();
  context.phases.end(fmt::format("{} {}, {}", is_build ? "copied" : "looked at",
                                 base::counted(source.tree.entries.size(), "file"),
                                 base::human_bytes(source.tree.bytes)));
  return result;
}

Preparation prepare_rebase(const PutContext& context) {
  context.phases.begin("PREPARING");
  Preparation result;
  result.found = look_up_for_rebase(context.client, context.source, run_image_choice(context), context.step.log);
  result.decision = decide_alone(context, result.found);
  const auto& image = *result.found.standing.previous.image;
  const auto label = image.image.label(lifecycle::label::project_metadata).value_or("{}");
  result.wanted.inputs = lifecycle::parse_build_inputs(label);
  if (result.found.record) result.files = result.found.record->record.files;
  if (result.decision.action == Action::unchanged && !lifecycle::is_whole(context.client, image)) {
    result.decision = decide_without_lost(context, result);
  }
  context.phases.end("previous image " + std::string(image.image.raw.digest.short_hex()));
  return result;
}

Decision decide_without_lost(const PutContext& context, Preparation& preparation) {
  auto& found = preparation.found;
  found.standing.lost_layers = true;
  if (context.params.rebase == Rebase::only) return decide_alone(context, found);
  return decide(preparation.wanted, found.standing, *found.run_image);
}

std::string creation_time(const base::Environment& environment) {
  const auto text = environment.get_or("SOURCE_DATE_EPOCH", "");
  std::int64_t seconds = lifecycle::layer_time;
  if (!text.empty()) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || seconds < 0) {
      throw Error(ErrorKind::usage, {"read", "SOURCE_DATE_EPOCH", "it is not a number of seconds", ""});
    }
  }
  return base::rfc3339(base::WallTime(std::chrono::seconds(seconds)));
}

}  // namespace image
