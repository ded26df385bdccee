// Bringing images to the new base, or back: all that an image is made of, its build record, one more look at its tags,
// and the tags last. Any number may run side by side.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "builds/record.hpp"
#include "fleet/pacer.hpp"
#include "fleet/reachability.hpp"
#include "fleet/supply.hpp"
#include "fleet/survey.hpp"

namespace fleet {

// What every build record of a put says.
struct Occasion {
  std::string fleet;      // "registry.example.com/acme/fleet:main put #12"
  std::string build_url;  // of the Concourse build
  std::string run_image;  // by digest
  // What the patch is, in a line, by the run image that an image stood on.
  std::map<std::string, std::string> packages;
};

// One tag on its way back.
struct Return {
  registry::Reference reference;  // with its tag
  registry::Digest from;
  registry::Digest to;
};

struct Moved {
  Verdict verdict;
  std::uint64_t build = 0;  // the number of the build record; 0: it could not be written
};

// One image as one or several tags of a repository name it.
struct Task {
  Surveyed image;
  std::vector<std::string> tags;
};

class Mover {
 public:
  // `record` is where the fleet's record is kept: it has the blob that build records name. `staging` is params.tag,
  // moved in place of the image's own tag; empty: the own one is moved.
  Mover(registry::Client& client, registry::Repository record, Occasion occasion, std::string staging,
        std::optional<std::uint32_t> rate, Reachability& reachability, base::Log& log)
      : client_(client),
        record_repository_(std::move(record)),
        occasion_(std::move(occasion)),
        staging_(std::move(staging)),
        reachability_(reachability),
        log_(log),
        pacer_(log.clock(), rate),
        supply_(client) {}

  // What became of each tag of the task, in their order. Whatever fails is a verdict; only an abort is thrown.
  [[nodiscard]] std::vector<Moved> rebase(const Survey& survey, Task& task);
  [[nodiscard]] Moved roll_back(const Return& way);

 private:
  void bring(const registry::Repository& repository, const Rebasing& rebasing);
  [[nodiscard]] registry::RawManifest publish(const Survey& survey, Task& task);
  [[nodiscard]] builds::BuildRecord rebase_record(const Task& task, const registry::RawManifest& image) const;
  // Completes the record and writes it. Its number; 0 when it could not be written.
  [[nodiscard]] std::uint64_t write(builds::BuildRecord record, const registry::Reference& before,
                                    const registry::RawManifest& image, base::SteadyTime began);
  [[nodiscard]] Verdict move_tag(const registry::Reference& tag, const registry::Digest& seen,
                                 const registry::RawManifest& image, State moved);

  registry::Client& client_;
  registry::Repository record_repository_;
  Occasion occasion_;
  std::string staging_;
  Reachability& reachability_;
  base::Log& log_;
  Pacer pacer_;
  Supply supply_;
};

}  // namespace fleet
