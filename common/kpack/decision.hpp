// Which of an Image's Builds is the answer to a put: a pure function of what was asked for and of what is seen, so that
// no order of events can lead it astray. What is seen may be of different moments: Images and Builds are watched apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kpack/field_names.hpp"
#include "kpack/objects.hpp"

namespace kpack {

// What a put asked for, and what it knew before it did.
struct Aim {
  std::string uid;                  // the Image's
  std::int64_t generation = 0;      // of the Image as it was written: builds of earlier ones are not meant
  std::uint64_t newest_before = 0;  // the highest number of a Build when the put began; 0: none
  // What is to be built; nothing: whatever source the Image has.
  std::optional<Source> source;
  // A build is wanted also where kpack sees no reason for one.
  enum class Wish { any_build, new_build } wish = Wish::any_build;
  FieldNames fields = {};       // the wish comes from one
  std::uint64_t annotated = 0;  // the Build that was annotated to have another one after it; 0: none
};

struct Observation {
  std::optional<Image> image;  // nothing: it was deleted
  std::vector<Build> builds;   // of the Image's name, in any order
};

enum class Verdict {
  follow,      // `build` is the one: it runs, or has ended since
  stands,      // no build is needed: `build` has built this already
  trigger,     // kpack sees no reason to build: annotate `build`, the newest
  superseded,  // the Image was changed to another source before this one was built
  gone,        // the Image was deleted, or made anew
  builder,     // the builder is not there, or not ready
  wait,
};

struct Decision {
  Verdict verdict{};
  std::uint64_t build = 0;  // its number, where the verdict has one
  std::string why;          // for people
};

[[nodiscard]] Decision decide(const Aim& aim, const Observation& seen);

// Whether a Build is of this source: git by the revision alone, for its URL may be written in several ways.
[[nodiscard]] bool is_of(const Build& build, const Source& source);

}  // namespace kpack
