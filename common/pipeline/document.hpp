// A YAML document of Concourse (a pipeline, a file of vars) with the line of each of its values: anchors, aliases and
// merge keys (<<) resolved, plain scalars typed as YAML's core schema has them, and yes, no, on and off as Concourse
// reads them (YAML 1.1). A value that came by an alias has the line where it was written.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace pipeline {

// Keys and indices from the root: {"jobs", "0", "plan"}.
using Path = std::vector<std::string>;
[[nodiscard]] Path below(const Path& path, std::string key);
// Whether `path` is `prefix` or lies below it.
[[nodiscard]] bool is_prefix(const Path& prefix, const Path& path);

class Document {
 public:
  // At most 4 MiB. Error{usage} with the line for what is not YAML, for keys that are not text or stand twice, and for
  // what anchors expand to beyond the bounds. `name` is what errors call it.
  [[nodiscard]] static Document parse(std::string_view text, const std::string& name);
  // Error{usage} where there is no such file.
  [[nodiscard]] static Document read(const std::filesystem::path& file);

  [[nodiscard]] const json::Value& value() const { return value_; }
  // The line, from 1, of the key or element at `path`; of its nearest ancestor that is there where it is not.
  [[nodiscard]] int line(const Path& path) const;

 private:
  json::Value value_;
  std::map<Path, int> lines_;
};

}  // namespace pipeline
