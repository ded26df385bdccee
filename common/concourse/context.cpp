#include "concourse/context.hpp"

#include <fmt/format.h>

namespace concourse {
namespace {

// Team, pipeline, job and build names may hold any character but '/'; a page's address may not.
std::string path_segment(std::string_view name) {
  std::string result;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    result += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return result;
}

}  // namespace

std::optional<std::string> build_url(const base::Environment& environment) {
  std::string base = environment.get_or("ATC_EXTERNAL_URL", "");
  const std::string id = environment.get_or("BUILD_ID", "");
  if (base.empty() || id.empty()) return std::nullopt;
  while (base.ends_with('/')) base.pop_back();
  const std::string team = environment.get_or("BUILD_TEAM_NAME", "");
  const std::string pipeline = environment.get_or("BUILD_PIPELINE_NAME", "");
  const std::string job = environment.get_or("BUILD_JOB_NAME", "");
  const std::string name = environment.get_or("BUILD_NAME", "");
  // One-off builds (fly execute) have no job. Instanced pipelines are found by the build's id, too.
  if (team.empty() || pipeline.empty() || job.empty() || name.empty() ||
      environment.get("BUILD_PIPELINE_INSTANCE_VARS")) {
    return fmt::format("{}/builds/{}", base, path_segment(id));
  }
  return fmt::format("{}/teams/{}/pipelines/{}/jobs/{}/builds/{}", base, path_segment(team), path_segment(pipeline),
                     path_segment(job), path_segment(name));
}

}  // namespace concourse
