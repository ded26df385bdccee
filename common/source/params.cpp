#include "source/params.hpp"

#include <fmt/format.h>

#include "git/date_format.hpp"
#include "git/describe.hpp"
#include "git/refs.hpp"

namespace source {
namespace {

const std::string short_ref_field = "params.short_ref_format";
constexpr std::size_t widest = 1000;

// A number of printf's width or precision.
std::optional<std::size_t> take_number(std::string_view& text) {
  std::optional<std::size_t> result;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    result = result.value_or(0) * 10 + static_cast<std::size_t>(text.front() - '0');
    if (*result > widest) json::wrong_value(short_ref_field, "a width is too large");
    text.remove_prefix(1);
  }
  return result;
}

// One conversion, behind its '%'.
std::string take_conversion(std::string_view& format, std::string_view argument) {
  if (format.starts_with('%')) {
    format.remove_prefix(1);
    return "%";
  }
  const bool left = format.starts_with('-');
  if (left) format.remove_prefix(1);
  const auto width = take_number(format).value_or(0);
  std::size_t precision = argument.size();
  if (format.starts_with('.')) {
    format.remove_prefix(1);
    precision = take_number(format).value_or(0);
  }
  if (!format.starts_with('s')) {
    json::wrong_value(short_ref_field, "it may have %s and %%, and no other conversion");
  }
  format.remove_prefix(1);
  std::string text(argument.substr(0, precision));
  const std::string padding(width > text.size() ? width - text.size() : 0, ' ');
  return left ? text + padding : padding + text;
}

}  // namespace

std::string format_short_ref(std::string_view format, std::string_view short_ref) {
  std::string result;
  while (!format.empty()) {
    const char c = format.front();
    format.remove_prefix(1);
    if (c == '%') {
      result += take_conversion(format, short_ref);
    } else {
      result += c;
    }
  }
  return result;
}

void describe(json::Fields<InParams>& fields) {
  fields.optional("depth", &InParams::depth,
                  "the number of commits of the history that are fetched. Default: all of it");
  fields.optional("fetch", &InParams::fetch, "list of further branches, each made a local branch");
  fields.optional("fetch_tags", &InParams::fetch_tags, "overrides `source.fetch_tags`");
  fields.optional("all_branches", &InParams::all_branches,
                  "fetch every branch, as refs/remotes/origin/*. Default: false");
  fields.optional("clean_tags", &InParams::clean_tags, "leave no tags in the checkout. Default: false");
  fields.optional("submodules", &InParams::submodules, "`all`, `none`, or a list of their paths. Default: `all`");
  fields.optional("submodule_recursive", &InParams::submodule_recursive,
                  "also fetch submodules of submodules. Default: true");
  fields.optional(
      "submodule_remote", &InParams::submodule_remote,
      "take the newest commit of the branch that `.gitmodules` names in place of the commit recorded. Default: false");
  fields.optional("disable_git_lfs", &InParams::disable_git_lfs,
                  "leave the pointers of Git LFS as they are. Default: false");
  fields.optional("short_ref_format", &InParams::short_ref_format,
                  "the printf format of `.git/short_ref`. Default: `%s`");
  fields.optional("timestamp_format", &InParams::timestamp_format,
                  "the format of `.git/commit_timestamp`, as `git log --date` takes it. Default: `iso8601`");
  fields.optional("describe_ref_options", &InParams::describe_ref_options,
                  "the options of `git describe` for `.git/describe_ref`. Default: `--always --dirty --broken`");
  fields.optional("debug", &InParams::debug, "log each request, without credentials. Default: false");
}

InParams read_in_params(const json::Value& value) {
  InParams params = json::read<InParams>(value, "params");
  for (std::size_t i = 0; i < params.fetch.size(); ++i) {
    if (!git::is_valid_ref_name("refs/heads/" + params.fetch[i])) {
      json::wrong_value(fmt::format("params.fetch[{}]", i),
                        fmt::format("\"{}\" is not the name of a branch", params.fetch[i]));
    }
  }
  // Formats are tried now: a fault in them should not be found after a long fetch.
  (void)format_short_ref(params.short_ref_format, "0000000");
  (void)git::format_date(0, 0, params.timestamp_format, "params.timestamp_format", {});
  (void)git::DescribeOptions::parse(params.describe_ref_options, "params.describe_ref_options");
  return params;
}

}  // namespace source

namespace json {

source::SubmoduleSelection Type<source::SubmoduleSelection>::read(const Value& value, const std::string& path) {
  using Mode = source::SubmoduleSelection::Mode;
  if (value.is_array()) return {Mode::listed, json::read<std::vector<std::string>>(value, path)};
  if (value == "all") return {Mode::all, {}};
  if (value == "none") return {Mode::none, {}};
  wrong_type(path, "\"all\", \"none\" or a list of paths", value);
}

Value Type<source::SubmoduleSelection>::schema() {
  return {{"anyOf",
           Value::array({{{"type", "string"}, {"enum", {"all", "none"}}}, json::schema<std::vector<std::string>>()})}};
}

}  // namespace json
