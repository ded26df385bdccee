#include "source/summary.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "git/object_id.hpp"

namespace source {
namespace {

using concourse::Version;

std::string name_of(const Version& version) {
  const auto& ref = version.at("ref");
  return git::ObjectId::parse(ref) ? ref.substr(0, 7) : base::printable(ref, 128);
}

std::string_view kind_of(const Version& version) { return version.contains("commit") ? "tag" : "commit"; }

// Why nothing passes: a filter that the source does not set is not blamed.
std::string nothing_passes(const Source& source, std::string_view which = "", std::string_view since = "") {
  const bool tags = source.has_tag_filter() && source.fields.tag_behaviour == TagBehaviour::match_tagged;
  const bool marked_alone = !source.has_tag_filter() && source.paths.everything() &&
                            source.messages.include.patterns.empty() && source.messages.exclude.patterns.empty();
  return marked_alone ? fmt::format("every {}commit{} is marked [ci skip]", which, since)
                      : fmt::format("no {}{}{} passes the filters", which, tags ? "tag" : "commit", since);
}

std::string nothing(const Outcome& outcome, const std::optional<Version>& known, const Source& source) {
  if (!outcome.has_commits) return "the repository has no commits yet";
  if (!known || !outcome.since_known) return nothing_passes(source);
  const std::string name = name_of(*known);
  switch (outcome.course) {
    case Course::onward:
      break;
    case Course::behind:
      return fmt::format(
          "the branch was set back and no longer has {0}; Concourse goes on with {0}, the newer version, until there "
          "are new commits",
          name);
    case Course::apart:
      return fmt::format("{0} is no longer on the branch, and {1}; Concourse goes on with {0}", name,
                         nothing_passes(source, "other "));
  }
  return nothing_passes(source, "", fmt::format(" from {} on", name));
}

}  // namespace

std::string summary(const Outcome& outcome, const std::optional<Version>& known, const Source& source) {
  const auto& versions = outcome.versions;
  if (versions.empty()) return nothing(outcome, known, source);
  std::string newest = name_of(versions.back());
  if (known && known->at("ref") == versions.back().at("ref")) return "nothing newer than " + newest;
  if (!outcome.subject.empty()) newest += " " + base::printable(outcome.subject, 128);
  if (!known || !outcome.since_known) {
    return versions.size() == 1 ? fmt::format("the newest version is {}", newest)
                                : fmt::format("{} versions, the newest is {}", versions.size(), newest);
  }
  const std::size_t news = versions.size() - (known->at("ref") == versions.front().at("ref") ? 1 : 0);
  const auto kind = kind_of(versions.back());
  return news == 1 ? fmt::format("1 new {}: {}", kind, newest)
                   : fmt::format("{} new {}s, the newest is {}", news, kind, newest);
}

}  // namespace source
