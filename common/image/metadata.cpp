#include "image/metadata.hpp"

#include "base/error.hpp"

namespace image {
namespace {

// The document in a label; nothing when it is not there or no JSON: a label is anybody's text.
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

}  // namespace

concourse::Metadata metadata_of(const Source& source, const Version& version,
                                const std::optional<registry::Image>& found) {
  Collector collector;
  collector.add("repository", source.written_repository);
  collector.add("tag", version.tag);
  collector.add("digest", version.digest.text());
  if (found) {
    collector.add("created", json::text_or(found->config, "created"));
    collector.add("commit", found->label("org.opencontainers.image.revision"));
    collector.add("source", found->label("org.opencontainers.image.source"));
    collector.add("run image", run_image(*found));
  }
  return collector.take();
}

}  // namespace image
