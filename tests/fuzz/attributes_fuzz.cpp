// A .gitattributes file of a tree: read whatever it says, in time, and the same way each time.
#include <array>
#include <string>

#include "fuzz/fuzzing.hpp"
#include "git/attributes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  constexpr std::array paths{"a", "a.txt", "dir/a.bin", "dir/sub/a b", "dir/\xc3\x84", "dir/sub/deep/x.y"};
  fuzz::answers([&] {
    git::Attributes attributes;
    attributes.add_file("dir", text);
    attributes.add_file("", text);
    attributes.add_common_file(text);
    for (const auto* path : paths) {
      const auto values = attributes.of(path);
      for (const auto& [name, value] : values) {
        fuzz::require(!name.empty(), "an attribute has a name");
        fuzz::require(value.state == git::AttributeValue::State::text || value.text.empty(), "only a text has one");
        fuzz::require(text.find(name) != std::string_view::npos || name == "binary" || name == "diff" ||
                          name == "merge" || name == "text",
                      "an attribute stands in the file, or comes from \"binary\"");
      }
      fuzz::require(attributes.of(path) == values, "asked twice it says the same");
    }
  });
  return 0;
}
