#include "kpack_image/metadata.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/wording.hpp"
#include "kpack/record.hpp"

namespace kpack_image {
namespace {

class Collector {
 public:
  void add(const std::string& name, const std::string& value) {
    if (!value.empty()) result_.emplace_back(name, base::printable(value));
  }
  [[nodiscard]] concourse::Metadata take() { return std::move(result_); }

 private:
  concourse::Metadata result_;
};

std::string buildpacks_text(const std::vector<kpack::Buildpack>& buildpacks) {
  std::string text;
  for (const auto& buildpack : buildpacks) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", buildpack.id, buildpack.version);
  }
  return text;
}

}  // namespace

concourse::Metadata metadata_of(const Version& version, const std::optional<kpack::Build>& build) {
  Collector collector;
  collector.add("repository", version.repository);
  if (build) {
    const auto record = kpack::record_of(*build);
    collector.add("tag", record.tag);
    collector.add("digest", version.digest.text());
    collector.add("build", fmt::format("#{} ({})", record.number, build->name));
    collector.add("reason", build->reasons);
    collector.add("commit", record.origin.commit);
    collector.add("commit url", record.origin.page);
    collector.add("source", record.origin.repository);
    collector.add("builder", record.builder);
    collector.add("run image", record.run_image);
    collector.add("buildpacks", buildpacks_text(build->buildpacks));
    collector.add("started", base::readable_time(record.started));
    collector.add("finished", base::readable_time(record.finished));
    collector.add("duration", base::human_seconds(record.seconds));
  } else {
    collector.add("digest", version.digest.text());
  }
  return collector.take();
}

}  // namespace kpack_image
