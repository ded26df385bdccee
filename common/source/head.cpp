#include "source/head.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "json/fields.hpp"

namespace source {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::string_view heads = "refs/heads/";
constexpr std::string_view tags = "refs/tags/";

[[noreturn]] void missing_branch(const Source& source, git::Remote& remote) {
  std::vector<std::string> names;
  for (const auto& ref : remote.refs({std::string(heads)})) names.push_back(ref.name.substr(heads.size()));
  const auto near = json::nearest(*source.branch, names);
  constexpr std::size_t most_shown = 5;
  std::string shown;
  for (std::size_t i = 0; i < names.size() && i < most_shown; ++i) shown += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > most_shown) shown += fmt::format(" and {} more", names.size() - most_shown);
  throw Error(
      ErrorKind::not_found,
      {"find", fmt::format("branch {} in {}", *source.branch, remote.shown()),
       names.empty() ? "the repository has no branches" : fmt::format("there is no such branch (it has {})", shown),
       near ? fmt::format("check source.branch: did you mean {}?", *near) : "check source.branch"});
}

}  // namespace

std::vector<std::string> head_prefixes(const Source& source) {
  if (source.branch) return {std::string(heads) + *source.branch};
  return {"HEAD"};
}

std::optional<Head> find_head(const Source& source, const git::RemoteRefs& refs, git::Remote& remote) {
  if (source.branch) {
    const auto* ref = git::find_ref(refs, std::string(heads) + *source.branch);
    if (ref != nullptr) return Head{source.branch, ref->id};
    // As `git clone --branch` takes it: the name may be a tag's.
    const std::string tag = std::string(tags) + *source.branch;
    const auto tagged = remote.refs({tag});
    if (const auto* found = git::find_ref(tagged, tag)) return Head{std::nullopt, found->commit()};
    missing_branch(source, remote);
  }
  const auto* ref = git::find_ref(refs, "HEAD");
  if (ref == nullptr) {
    // Either nothing was ever pushed, or HEAD names a branch that was not.
    if (remote.refs({std::string(heads)}).empty()) return std::nullopt;
    throw Error(ErrorKind::not_found, {"find", "the default branch of " + remote.shown(),
                                       "its HEAD names a branch that does not exist", "give source.branch"});
  }
  std::optional<std::string> branch;
  if (ref->symbolic_target && ref->symbolic_target->starts_with(heads)) {
    branch = ref->symbolic_target->substr(heads.size());
  }
  return Head{std::move(branch), ref->id};
}

std::optional<Head> find_head(const Source& source, git::Remote& remote) {
  return find_head(source, remote.refs(head_prefixes(source)), remote);
}

}  // namespace source
