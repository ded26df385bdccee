// The `params` of a get of the source kind, as the git resource has them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "json/fields.hpp"

namespace source {

// `submodules`: "all", "none", or a list of paths.
struct SubmoduleSelection {
  enum class Mode { all, none, listed } mode = Mode::all;
  std::vector<std::string> paths;
};

struct InParams {
  std::uint32_t depth = 0;  // 0: the whole history
  std::vector<std::string> fetch;
  std::optional<bool> fetch_tags;
  SubmoduleSelection submodules;
  bool submodule_recursive = true;
  bool submodule_remote = false;
  bool disable_git_lfs = false;
  bool clean_tags = false;
  std::string short_ref_format = "%s";
  std::string timestamp_format = "iso8601";
  std::string describe_ref_options = "--always --dirty --broken";
  bool all_branches = false;
  bool debug = false;
};
void describe(json::Fields<InParams>& fields);

// Error{usage} naming the field.
[[nodiscard]] InParams read_in_params(const json::Value& params);

// The text for .git/short_ref: `format` is printf's, with one %s, as "%s", "v-%s" or "%.5s".
[[nodiscard]] std::string format_short_ref(std::string_view format, std::string_view short_ref);

}  // namespace source

namespace json {

template <>
struct Type<source::SubmoduleSelection> {
  static source::SubmoduleSelection read(const Value& value, const std::string& path);
  static Value schema();
};

}  // namespace json
