#include "image/metadata.hpp"

#include <fmt/format.h>
#include <map>
#include <re2/re2.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/wording.hpp"
#include "lifecycle/changes.hpp"

namespace image {
namespace {

// The document in a label; nothing when it is not there or not JSON: a label is anybody's text.
std::optional<json::Value> document_label(const registry::Image& image, std::string_view name) {
  const auto text = image.label(name);
  if (!text) return std::nullopt;
  try {
    return json::parse(*text, name);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

class Collector {
 public:
  void add(const std::string& name, const std::optional<std::string>& value) {
    if (value && !value->empty()) result_.emplace_back(name, base::printable(*value));
  }
  [[nodiscard]] concourse::Metadata take() { return std::move(result_); }

 private:
  concourse::Metadata result_;
};

std::optional<std::string> run_image(const registry::Image& image) {
  const auto lifecycle = document_label(image, "io.buildpacks.lifecycle.metadata");
  const auto* run = lifecycle ? json::find(*lifecycle, "runImage") : nullptr;
  if (run == nullptr) return std::nullopt;
  const std::string name = json::text_or(*run, "image");
  return name.empty() ? json::text_or(*run, "reference") : name;
}

void describe_record(const builds::BuildRecord& record, Collector& collector) {
  collector.add("build", record.kind == "build" ? fmt::format("#{}", record.number)
                                                : fmt::format("#{} ({})", record.number, record.kind));
  collector.add("reason", builds::names_of(record.changes));
  collector.add("commit", record.origin.commit);
  collector.add("subject", record.origin.subject);
  collector.add("commit url", record.origin.page);
  collector.add("author", record.origin.author);
  collector.add("author url", record.origin.author_page);
  collector.add("source", record.origin.repository);
  collector.add("builder", record.builder);
  collector.add("run image", record.run_image);
  collector.add("layers", fmt::format("{}, {} reused", record.layers, record.reused));
  collector.add("size", base::human_bytes(record.size));
  collector.add("finished", base::readable_time(record.finished));
  collector.add("duration", base::human_seconds(record.seconds));
  collector.add("concourse build", record.build_url);
}

// Nothing for the times that reproducible images have: Go's that was never set, the epoch, and the buildpacks' own.
std::string creation_of(const registry::Image& image) {
  const auto created = json::text_or(image.config, "created");
  for (const auto* fixed : {"0001-01-01T00:00:00", "1970-01-01T00:00:00", "1980-01-01T00:00:01"}) {
    if (created.starts_with(fixed)) return "";
  }
  return base::readable_time(created);
}

void describe_labels(const registry::Image& image, Collector& collector) {
  collector.add("created", creation_of(image));
  const auto project = image.label("io.buildpacks.project.metadata");
  const auto origin = project ? lifecycle::parse_build_inputs(*project).origin : builds::Origin();
  const auto revision = image.label("org.opencontainers.image.revision");
  collector.add("commit", revision ? *revision : origin.commit);
  const auto source = image.label("org.opencontainers.image.source");
  collector.add("source", source ? *source : origin.repository);
  collector.add("run image", run_image(image));
}

std::map<std::string, std::string> labels_of(const registry::Image& image) {
  std::map<std::string, std::string> result;
  const auto* config = json::find(image.config, "config");
  const auto* labels = config == nullptr ? nullptr : json::find(*config, "Labels");
  if (labels == nullptr || !labels->is_object()) return result;
  for (const auto& [name, value] : labels->items()) {
    if (value.is_string()) result.emplace(name, value.get<std::string>());
  }
  return result;
}

void describe_matching(const std::map<std::string, std::string>& all, const std::string& pattern,
                       Collector& collector) {
  if (pattern.empty()) return;
  const re2::RE2 expression(pattern, re2::RE2::Quiet);
  for (const auto& [name, value] : all) {
    if (re2::RE2::PartialMatch(name, expression)) collector.add(base::printable(name), value);
  }
}

}  // namespace

concourse::Metadata metadata_of(const Source& source, const Version& version,
                                const std::optional<registry::Image>& found,
                                const std::optional<builds::BuildRecord>& record) {
  Collector collector;
  collector.add("repository", source.written_repository);
  collector.add("tag", version.tag);
  if (record) {
    collector.add("digest", version.digest.text());
    describe_record(*record, collector);
  } else if (found) {
    describe_labels(*found, collector);
  }
  if (found) {
    describe_matching(labels_of(*found), source.label_regex, collector);
    describe_matching(found->manifest.annotations, source.annotation_regex, collector);
  }
  return collector.take();
}

}  // namespace image
