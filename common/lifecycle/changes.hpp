// Why an image is built: what differs between the image that stands and the one that is asked for, as kpack's reasons
// name it. What a build was made from is recorded in the label io.buildpacks.project.metadata (buildpacks/spec,
// platform.md "project-metadata.toml"); the values of variables are only in a hash there.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builds/reason.hpp"
#include "lifecycle/analyze.hpp"
#include "lifecycle/bindings.hpp"
#include "lifecycle/builder_contents.hpp"
#include "lifecycle/prepare.hpp"

namespace lifecycle {

// What an image is made from, beside the builder and the run image.
struct BuildInputs {
  builds::Origin origin;
  std::string files;                            // the digest of the workspace
  std::map<std::string, std::string> settings;  // by name, as people read them; values of variables only hashed
};

// What else counts beside the source and its variables.
struct BuildSettings {
  std::string process;
  std::map<std::string, std::string> labels;
  std::string created;
  std::string application;  // the part of the source that is built; empty: all of it
  std::string execution_environment = "production";
  std::vector<Binding> bindings;
};
[[nodiscard]] BuildInputs build_inputs(const ExaminedSource& source, const BuildSettings& settings);

// io.buildpacks.project.metadata, and back: leniently, since other platforms write it too.
[[nodiscard]] std::string to_label(const BuildInputs& inputs);
[[nodiscard]] BuildInputs parse_build_inputs(std::string_view label);

// COMMIT where the files differ: a commit that changes none of them is not a reason. CONFIG where a setting does.
[[nodiscard]] std::vector<builds::Change> compare(const BuildInputs& before, const BuildInputs& now);
// BUILDPACK: one that the image was built with is no longer in the builder, or the launcher is another version.
[[nodiscard]] std::vector<builds::Change> compare_buildpacks(const PreviousImage& previous,
                                                             const BuilderContents& builder);
// STACK: the run image has another digest.
[[nodiscard]] std::vector<builds::Change> compare_run_image(const PreviousImage& previous, const RunImage& run_image);

}  // namespace lifecycle
