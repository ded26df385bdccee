#include "registry/input.hpp"

#include "base/error.hpp"
#include "concourse/inputs.hpp"

namespace registry {

Reference image_of_input(const std::filesystem::path& inputs, const std::string& text, const std::string& field) {
  if (!concourse::names_input(inputs, text)) return Reference::parse(text, field);
  const auto directory = concourse::input_directory(inputs, text, field);
  auto image = concourse::first_line(directory / "image");
  if (image.empty()) {
    const auto repository = concourse::first_line(directory / "repository");
    const auto digest = concourse::first_line(directory / "digest");
    if (!repository.empty() && !digest.empty()) image = repository + "@" + digest;
  }
  if (image.empty()) {
    throw base::Error(base::ErrorKind::usage,
                      {"use " + field, text, "the directory has no file image, nor repository and digest",
                       "name the directory of a get of an image"});
  }
  return Reference::parse(image, field + " (" + text + "/image)");
}

}  // namespace registry
