// What stands under each tag of a fleet, held against the new base; and, for what is to be rebased, everything that
// will be written. Reads only.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "fleet/bases.hpp"
#include "fleet/builder.hpp"
#include "fleet/plan.hpp"
#include "fleet/reachability.hpp"
#include "lifecycle/transfer.hpp"

namespace fleet {

// One manifest as it will be on the new base: made, and not sent.
struct Rebasing {
  registry::Descriptor config;
  std::string config_text;
  std::string manifest;
  registry::Digest digest;                    // of `manifest`
  std::vector<registry::Descriptor> missing;  // layers of the base that the repository lacks
  registry::Repository base;                  // where they are
  std::uint64_t kept = 0;                     // layers of the application
  std::uint64_t size = 0;                     // of the whole image, compressed
};

struct Surveyed {
  registry::Reference reference;           // with its tag
  std::optional<registry::Digest> digest;  // what the tag names; nothing: it could not be read
  Verdict verdict;
  std::string run_image;  // on which it stands
  std::vector<NeededBuild> needs;

  // Of what is planned: what is written, children before their index.
  std::vector<Rebasing> rebasings;
  bool is_index = false;
  std::string index;                       // as it will be; empty: the only rebasing is what the tag will name
  std::optional<registry::Digest> target;  // what the tag will name
  // False where the room for the bytes was used up: then they are made once more when its turn comes.
  bool made = false;

  [[nodiscard]] std::size_t writes() const;
};

// A base that images of the fleet stand on, and what its packages are read from.
struct OldBase {
  std::string platform;
  std::string reference;  // as the images name it
  registry::Repository repository;
  std::vector<registry::Descriptor> layers;
  std::uint64_t images = 0;
  const lifecycle::RunImage* now = nullptr;
};

// Threads share it.
class Survey {
 public:
  // `builder` may be nullptr. What is made and kept may have `room` bytes.
  Survey(registry::Client& client, const Bases& bases, const Builder* builder, const PutParams& params,
         Reachability& reachability, std::uint64_t room = 24ULL << 20U)
      : client_(client), bases_(bases), builder_(builder), params_(params), reachability_(reachability), room_(room) {}

  // Whatever is wrong with the image is its verdict; only an abort is thrown.
  [[nodiscard]] Surveyed look_at(const registry::Reference& reference);
  // What was not made is made, from the digest that was read then. Error as registry::Client has them.
  void complete(Surveyed& surveyed) const;

  // Of images that are planned, in no order.
  [[nodiscard]] std::vector<OldBase> old_bases() const;

 private:
  struct Read;
  void read(Surveyed& result);
  [[nodiscard]] std::vector<Read> read_images(const registry::Reference& reference,
                                              const registry::RawManifest& raw) const;
  [[nodiscard]] Standing stand(const Read& read) const;
  void make(Surveyed& surveyed, const registry::RawManifest& raw, const std::vector<Read>& images) const;
  void keep_or_drop(Surveyed& surveyed);
  void note_old_base(const Read& read);

  registry::Client& client_;
  const Bases& bases_;
  const Builder* builder_;
  const PutParams& params_;
  Reachability& reachability_;
  std::uint64_t room_;
  std::atomic<std::uint64_t> kept_ = 0;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, OldBase> old_bases_;
};

// The state that an error puts an image into: refused, unreadable, or failed.
[[nodiscard]] Verdict verdict_of(const base::Error& error, State otherwise);

}  // namespace fleet
