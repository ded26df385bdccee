// What is to be done with each image of a fleet: pure functions from what is known of it to its state.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "fleet/params.hpp"
#include "fleet/state.hpp"
#include "registry/reference.hpp"

namespace fleet {

// A label of an image that pins it; its value is the reason.
inline constexpr const char* pin_label = "io.build-service.fleet.pin";

struct Verdict {
  State state = State::planned;
  std::string reason;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

// What is known of one image of one platform, held against the new base.
struct Standing {
  std::string platform;  // "linux/amd64"
  bool by_buildpacks = false;
  bool on_this_base = false;            // on the run image's repository, or a mirror of it
  bool has_base = false;                // there is a new base for the platform
  bool current = false;                 // it stands on the new base already
  std::string stands_on;                // the run image that it names
  std::optional<std::string> obstacle;  // to a rebase
  std::optional<std::string> pin;       // what pin_label says
};

// What is known of a tag: one image, or those of an index.
struct Examined {
  bool is_index = false;
  std::vector<Standing> images;
};

// Left out by params.only or exclude: such an image is not read.
[[nodiscard]] std::optional<Verdict> left_out(const registry::Reference& image, const PutParams& params);

[[nodiscard]] Verdict judge(const registry::Reference& image, const Examined& examined, const std::vector<Pin>& pins);

// Of those that are planned, in their order, as many stay planned as the limit lets through.
void apply_limit(std::vector<Verdict>& verdicts, const Limit& limit);

// What is known of an image for the way back: digests as "repository@digest", empty where they are not known.
struct WayBack {
  std::string wanted;      // what it was in the version that is gone back to
  std::string last_known;  // what the last put left
  std::string now;         // what the tag names
};
[[nodiscard]] Verdict judge_way_back(const registry::Reference& image, const WayBack& way,
                                     const std::vector<Pin>& pins);

// The requests that write, and what they take at a given rate.
struct Effort {
  std::size_t images = 0;
  std::size_t writes = 0;
};
// "12 images, 84 writes, 5 s at 1000 writes a minute"; "nothing".
[[nodiscard]] std::string text_of(const Effort& effort, std::optional<std::uint32_t> rate);

}  // namespace fleet
