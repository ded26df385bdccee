// Objects of kpack for tests, as short as they can be written.
#pragma once

#include <string>

#include "kpack/objects.hpp"

namespace test {

inline json::Value git_source(const std::string& revision) {
  return {{"git", {{"url", "https://git.example/app"}, {"revision", revision}}}};
}

struct BuildSpec {
  std::uint64_t number = 1;
  std::int64_t generation = 1;
  std::string revision = "aaaa";
  std::string succeeded = "True";  // empty: no condition yet
  std::string uid = "u1";
};

inline kpack::Build build(const BuildSpec& spec) {
  const auto number = std::to_string(spec.number);
  json::Value value = {
      {"metadata",
       {{"name", "app-build-" + number},
        {"labels",
         {{"image.kpack.io/image", "app"},
          {"image.kpack.io/buildNumber", number},
          {"image.kpack.io/imageGeneration", std::to_string(spec.generation)}}},
        {"ownerReferences", json::Value::array({{{"kind", "Image"}, {"name", "app"}, {"uid", spec.uid}}})}}},
      {"spec", {{"source", git_source(spec.revision)}}},
      {"status", json::Value::object()}};
  if (!spec.succeeded.empty()) {
    value["status"]["conditions"] = json::Value::array({{{"type", "Succeeded"}, {"status", spec.succeeded}}});
  }
  return kpack::Build(std::move(value));
}

struct ImageSpec {
  std::int64_t generation = 1;
  std::int64_t observed = 1;
  std::string revision = "aaaa";
  std::string ready = "True";
  std::string reason = "UpToDate";
  std::string latest_build = {};
  std::string uid = "u1";
  std::string sub_path = {};
};

inline kpack::Image image(const ImageSpec& spec) {
  auto source = git_source(spec.revision);
  if (!spec.sub_path.empty()) source["subPath"] = spec.sub_path;
  return kpack::Image(json::Value{
      {"metadata",
       {{"name", "app"},
        {"namespace", "apps"},
        {"uid", spec.uid},
        {"generation", spec.generation},
        {"resourceVersion", "7"}}},
      {"spec",
       {{"tag", "registry.example/app"},
        {"builder", {{"kind", "ClusterBuilder"}, {"name", "base"}}},
        {"source", source}}},
      {"status",
       {{"observedGeneration", spec.observed},
        {"latestBuildRef", spec.latest_build},
        {"conditions", json::Value::array({{{"type", "Ready"}, {"status", spec.ready}, {"reason", spec.reason}}})}}}});
}

}  // namespace test
