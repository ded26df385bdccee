#include "lifecycle/build.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/presence.hpp"
#include "lifecycle/environment.hpp"
#include "lifecycle/executor.hpp"
#include "lifecycle/layers_directory.hpp"
#include "lifecycle/sbom.hpp"

namespace lifecycle {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

// Processes by type: a later buildpack replaces an earlier one's of the same type.
class Processes {
 public:
  void add(const std::vector<buildpacks::Process>& processes, base::Log& log) {
    for (auto process : processes) {
      if (process.is_default) {
        default_ = process.type;
      } else if (process.type == default_) {
        default_.clear();
        log.warning(fmt::format("{} redefines the default process {} without making it the default",
                                process.buildpack_id, process.type));
      }
      by_type_.insert_or_assign(process.type, std::move(process));
    }
  }

  void move_to(BuildMetadata& metadata) {
    for (auto& [type, process] : by_type_) metadata.processes.push_back(std::move(process));
    metadata.default_process = default_;
  }

 private:
  std::map<std::string, buildpacks::Process> by_type_;
  std::string default_;
};

class Builder {
 public:
  Builder(const Platform& platform, const Resolution& detected, const buildpacks::Target& run_image,
          const base::Environment& environment, base::Log& log)
      : platform_(platform),
        plan_(detected.plan),
        run_image_(run_image),
        environment_(environment, platform.home),
        store_(platform.cnb / "buildpacks"),
        log_(log) {
    metadata_.buildpacks = detected.group;
  }

  BuildMetadata run() {
    {
      const FilesAsBuilder as_builder(platform_.identity);
      fs::remove_all(platform_.layers / "sbom");
    }
    for (const auto& buildpack : metadata_.buildpacks) {
      const auto started = log_.clock().steady_now();
      run_one(buildpack);
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(log_.clock().steady_now() - started);
      log_.detail(fmt::format("{} took {}", buildpack.text(), base::human_duration(took)));
    }
    const FilesAsBuilder as_builder(platform_.identity);
    processes_.move_to(metadata_);
    collect_sboms(platform_.layers, sboms_);
    write(platform_.layers / "sbom/launch/sbom.legacy.json", legacy_bom(launch_bom_));
    write(platform_.layers / "sbom/build/sbom.legacy.json", legacy_bom(build_bom_));
    write(platform_.layers / "config/metadata.toml", metadata_toml(metadata_));
    return std::move(metadata_);
  }

 private:
  static void write(const fs::path& path, std::string_view content) {
    fs::create_directories(path.parent_path());
    base::write_file(path, content);
  }

  void run_one(const buildpacks::GroupElement& element) {
    const auto descriptor = store_.find(element);
    const auto entries = buildpacks::requirements_for(plan_, element.id);
    const ExchangeDirectory exchange(platform_, "build");
    const auto plan = exchange.path() / "plan.toml";
    Run run;
    {
      const FilesAsBuilder as_builder(platform_.identity);
      fs::create_directories(layers_path(platform_, element.id));
      base::write_file(plan, buildpacks::buildpack_plan_toml(entries));
      run = command(descriptor, plan);
    }
    execute_build(element, run);
    const FilesAsBuilder as_builder(platform_.identity);
    read_results(element, descriptor, entries);
  }

  void execute_build(const buildpacks::GroupElement& element, const Run& run) {
    const auto status = execute(platform_, run, [&](std::string_view bytes) { log_.output(bytes); });
    log_.end_output();
    if (status.success()) return;
    throw Error(ErrorKind::usage,
                {"build with buildpack", element.text(),
                 fmt::format("its bin/build {} {}", status.signal != 0 ? "was" : "ended with", base::describe(status)),
                 "what it wrote stands above"});
  }

  [[nodiscard]] Run command(const buildpacks::Descriptor& descriptor, const fs::path& plan) const {
    using Settings = BuildEnvironment::UserSettings;
    const auto layers = layers_path(platform_, descriptor.id).string();
    Run run{descriptor.root / "bin/build", {layers, platform_.settings.string(), plan.string()}, {}};
    run.variables = environment_.with_overrides(platform_.settings, platform_.cnb / "build-config",
                                                descriptor.clear_env ? Settings::cleared : Settings::seen);
    run.variables["CNB_BUILDPACK_DIR"] = descriptor.root.string();
    if (descriptor.api >= buildpacks::ApiVersion{0, 8}) {
      run.variables["CNB_PLATFORM_DIR"] = platform_.settings.string();
      run.variables["CNB_BP_PLAN_PATH"] = plan.string();
      run.variables["CNB_LAYERS_DIR"] = layers;
    }
    if (descriptor.api >= buildpacks::ApiVersion{0, 10}) add_target(run.variables, run_image_);
    if (descriptor.api >= buildpacks::ApiVersion{0, 12})
      run.variables["CNB_EXEC_ENV"] = platform_.execution_environment;
    return run;
  }

  void read_results(const buildpacks::GroupElement& element, const buildpacks::Descriptor& descriptor,
                    const std::vector<buildpacks::Require>& entries) {
    auto layers = read_layers(platform_, element.id);
    for (const auto& layer : layers.layers) take_layer(layer);
    read_build_toml(element, layers.path / "build.toml", entries);
    const auto sboms = find_sboms(descriptor, layers);
    sboms_.insert(sboms_.end(), sboms.begin(), sboms.end());
    const auto launch_toml = layers.path / "launch.toml";
    const auto text = read_output(launch_toml);
    if (!text) return;
    const auto launch = buildpacks::parse_launch_toml(*text, launch_toml.string(), element, descriptor.api);
    processes_.add(launch.processes, log_);
    append(metadata_.labels, launch.labels);
    append(metadata_.slices, launch.slices);
    append(launch_bom_, launch.bom);
  }

  // A layer that is for nothing is put aside, so that neither the image nor the cache takes it; a build layer becomes
  // part of the next buildpack's environment.
  void take_layer(const BuildpackLayer& layer) {
    const auto& settings = layer.settings;
    const bool has_toml = base::target_if_exists(layer.path.string() + ".toml").has_value();
    if (has_toml && layer.has_contents && !settings.build && !settings.launch && !settings.cache) {
      std::error_code error;
      fs::rename(layer.path, layer.path.string() + ".ignore", error);
      if (error) throw base::system_error("put aside", layer.path.string(), error.value());
      return;
    }
    if (!settings.build) return;
    environment_.add_layer(layer.path);
    environment_.add_directory(layer.path / "env");
    environment_.add_directory(layer.path / "env.build");
  }

  // What a buildpack says it has not met stays in the plan for the next one that provides it.
  void read_build_toml(const buildpacks::GroupElement& element, const fs::path& file,
                       const std::vector<buildpacks::Require>& entries) {
    buildpacks::BuildToml build;
    if (const auto text = read_output(file)) build = buildpacks::parse_build_toml(*text, file.string(), element);
    for (const auto& name : build.unmet) {
      const auto is_it = [&](const auto& entry) { return entry.name == name; };
      if (std::any_of(entries.begin(), entries.end(), is_it)) continue;
      throw Error(ErrorKind::protocol,
                  {"read", file.string(), fmt::format("unmet names \"{}\", which the plan did not ask for", name), ""});
    }
    std::vector<std::string> met;
    for (const auto& entry : entries) {
      if (std::find(build.unmet.begin(), build.unmet.end(), entry.name) == build.unmet.end()) met.push_back(entry.name);
    }
    plan_ = buildpacks::without(std::move(plan_), met);
    append(build_bom_, build.bom);
  }

  template <class T>
  static void append(std::vector<T>& target, const std::vector<T>& source) {
    target.insert(target.end(), source.begin(), source.end());
  }

  const Platform& platform_;
  buildpacks::Plan plan_;
  const buildpacks::Target& run_image_;
  BuildEnvironment environment_;
  buildpacks::Store store_;
  base::Log& log_;
  BuildMetadata metadata_;
  Processes processes_;
  std::vector<SbomFile> sboms_;
  std::vector<buildpacks::BomEntry> launch_bom_;
  std::vector<buildpacks::BomEntry> build_bom_;
};

}  // namespace

BuildMetadata build(const Platform& platform, const Resolution& detected, const buildpacks::Target& run_image,
                    const base::Environment& environment, base::Log& log) {
  const Containment containment;
  return Builder(platform, detected, run_image, environment, log).run();
}

}  // namespace lifecycle
