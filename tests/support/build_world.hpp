// A registry in memory with an application's images in it, each with the record of its build.
#pragma once

#include <optional>
#include <sstream>
#include <string>

#include "builds/store.hpp"
#include "support/in_memory_registry.hpp"
#include "support/manual_clock.hpp"

namespace test {

// A registry, and puts that leave an image and its record there.
class BuildWorld {
 public:
  registry::RawManifest add_image(const std::string& layer) {
    return registry.add_image(reference,
                              {{"os", "linux"},
                               {"architecture", "amd64"},
                               {"rootfs", {{"type", "layers"}, {"diff_ids", {base::Sha256::of(layer).text()}}}}},
                              {layer});
  }

  // Builds `layer` after the build of `previous`.
  registry::RawManifest build(const std::string& layer, const std::optional<registry::Digest>& previous) {
    auto raw = add_image(layer);
    builds::BuildRecord record;
    record.kind = "build";
    record.image = reference.repository.text() + "@" + raw.digest.text();
    record.changes = {{previous ? builds::Reason::commit : builds::Reason::config, "", layer}};
    builds::follow(record, previous ? find(*previous) : std::nullopt);
    static_cast<void>(builds::write_record(registry, reference.repository, raw, record, "log of " + layer + "\n"));
    return raw;
  }

  std::optional<builds::StoredRecord> find(const registry::Digest& digest) {
    return builds::find_record(registry, reference.repository, digest);
  }

  registry::Reference reference = registry::Reference::parse("r.example.com/app:main", "test");
  InMemoryRegistry registry;
  ManualClock clock;
  std::ostringstream output;
  base::Log log{output, base::Colour::off, clock};
};

}  // namespace test
