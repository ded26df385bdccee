// What buildpacks and repositories write as TOML: what is taken is bounded in depth, by what the text asks for and by
// what the tree has, and can be walked, written and read again.
#include <algorithm>
#include <string>

#include "buildpacks/toml.hpp"
#include "buildpacks/toml_depth.hpp"
#include "fuzz/fuzzing.hpp"

namespace {

std::size_t depth_of(const buildpacks::Toml& value) {
  std::size_t deepest = 0;
  if (const auto* table = value.table()) {
    for (const auto& [name, member] : *table) deepest = std::max(deepest, 1 + depth_of(member));
  } else if (const auto* array = value.get<buildpacks::Toml::Array>()) {
    for (const auto& element : *array) deepest = std::max(deepest, 1 + depth_of(element));
  }
  return deepest;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  fuzz::answers([&] {
    const auto document = buildpacks::parse_toml(text, "the text");
    fuzz::require(!buildpacks::nests_too_deep(text), "what nests too deep is not taken");
    fuzz::require(depth_of(document) <= buildpacks::deepest_toml, "what is taken is bounded");
    const auto written = buildpacks::write_toml(document);
    fuzz::require(buildpacks::write_toml(buildpacks::parse_toml(written, "what was written")) == written,
                  "what was written is read as it is");
  });
  return 0;
}
