// Files of a put's inputs that a param names, by a pattern or by their path. Nothing leads out of the inputs: neither
// ".." nor a symbolic link. Error{usage} naming the field.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace image {

struct InputMatch {
  std::filesystem::path path;  // without links
  std::string name;            // as it matched: "app/image.tar"
};

// The one file or directory that the pattern fits, as Go's filepath.Glob reads it: *, ? and [a-z] within a name,
// \ before a character that is itself.
[[nodiscard]] InputMatch match_input(const std::filesystem::path& inputs, const std::string& pattern,
                                     const std::string& field);

// The words of a file of tags.
[[nodiscard]] std::vector<std::string> words_of_input(const std::filesystem::path& inputs, const std::string& path,
                                                      const std::string& field);

}  // namespace image
