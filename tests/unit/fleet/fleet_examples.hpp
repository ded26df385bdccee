// A record of a fleet that several tests look at.
#pragma once

#include "base/digest.hpp"
#include "fleet/record.hpp"

namespace test {

inline std::string image_of(const std::string& repository, const std::string& seed) {
  return repository + "@" + base::Sha256::of(seed).text();
}

inline fleet::FleetImage fleet_image(const std::string& name, fleet::State state, const std::string& reason = "") {
  fleet::FleetImage image;
  image.repository = "r.example.com/acme/" + name;
  image.tag = "main";
  image.before = image_of(image.repository, name + " before");
  image.image = fleet::is_change(state) ? image_of(image.repository, name + " after") : image.before;
  image.state = state;
  image.reason = reason;
  image.run_image = image_of("r.example.com/run", "new");
  image.build = 4;
  image.seconds = 0.25;
  return image;
}

inline fleet::FleetRecord fleet_record() {
  fleet::FleetRecord record;
  record.record = "r.example.com/acme/fleet:main";
  record.run_image = image_of("r.example.com/run", "new");
  record.packages = "openssl 3.0.11-1 -> 3.0.15-1";
  record.started = "2026-01-01T00:00:00Z";
  record.finished = "2026-01-01T00:00:12Z";
  record.seconds = 12.5;
  record.started_by = "main/patch/rebase #7";
  record.build_url = "https://ci.example.com/builds/7";
  fleet::BaseStep step{"linux/amd64", image_of("r.example.com/run", "old"), record.run_image, 2, {}};
  step.packages.difference.changed = {{"openssl", "3.0.11-1", "3.0.15-1"}};
  step.packages.difference.added = {{"tzdata", "", "2025b"}};
  step.packages.difference.removed = {{"wget", "1.21", ""}};
  record.bases = {step};
  record.images = {fleet_image("broken", fleet::State::failed, "HTTP status 500 | <b>oops</b>"),
                   fleet_image("current", fleet::State::current), fleet_image("held", fleet::State::pinned, "audit"),
                   fleet_image("moved", fleet::State::rebased), fleet_image("old-jre", fleet::State::rebased)};
  record.images.back().needs = {{"paketo-buildpacks/jre", "1.2.0", "1.3.0"}, {"launcher", "0.1", ""}};
  record.latency = fleet::Latency{"start", 4.5, 11};
  return record;
}

}  // namespace test
