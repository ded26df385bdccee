#include "source/check.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "git/pkt_line.hpp"
#include "source/branch_check.hpp"
#include "source/connection.hpp"
#include "source/head.hpp"
#include "source/memory.hpp"
#include "source/summary.hpp"
#include "source/tag_check.hpp"

namespace source {
namespace {

using concourse::Version;
using git::ObjectId;

using Versions = std::vector<Version>;

// What decides about versions: another value of any of these is another question.
json::Value question_of(const json::Value& source, const git::Location& location) {
  auto question = json::fields_of<SourceFields>().deciding_on_versions(source);
  question["repository"] = location.text();
  return question;
}

Version version_of(const ObjectId& commit) { return {{"ref", commit.text()}}; }

void append_oldest_first(Versions& versions, const std::vector<git::Commit>& newest_first) {
  for (auto commit = newest_first.rbegin(); commit != newest_first.rend(); ++commit) {
    versions.push_back(version_of(commit->id));
  }
}

std::string subject_of(const std::vector<git::Commit>& newest_first) {
  if (newest_first.empty()) return "";
  const auto& message = newest_first.front().message;
  return message.substr(0, message.find('\n'));
}

class Check {
 public:
  Check(const Source& source, const std::optional<Version>& known, git::Remote& remote, Memory& memory,
        concourse::Context& context)
      : source_(source),
        known_(known),
        remote_(remote),
        memory_(memory),
        log_(context.log),
        temporary_(context.environment.get_or("TMPDIR", "/tmp")) {
    remote_.presume_refused(memory_.refused_filters());
  }

  Outcome branch() {
    const auto head = find_head(source_, remote_);
    if (!head) return without_commits();
    return up_to(head->commit, head->commit.text());
  }

  Outcome tags() {
    auto prefixes = source_.branch ? head_prefixes(source_) : std::vector<std::string>();
    prefixes.emplace_back("refs/tags/");
    const auto refs = remote_.refs(prefixes);
    const auto head = source_.branch ? find_head(source_, refs, remote_) : std::nullopt;
    const auto matching = matching_tags(refs, source_);
    base::Sha256 digest;
    for (const auto& tag : matching) digest.update(fmt::format("{} {}\n", tag.id.text(), tag.name));
    if (head) digest.update(head->commit.text());
    const std::string state = digest.finish().text();
    const bool tagged = source_.fields.tag_behaviour == TagBehaviour::match_tagged;
    if (!tagged && head) return tag_ancestors(matching, *head, state);
    const auto& examined = memory_.examined();
    // A tag that does not pass was asked for before: what came after it is remembered.
    if (known_ && examined && examined->state == state && examined->since == *known_) {
      return since(examined->versions.all());
    }
    // All versions are remembered, whatever is asked for: the next question is about a part of them.
    if (!examined || examined->state != state || !examined->since.empty()) {
      auto all = tagged ? tagged_versions(matching, head, source_, remote_, temporary_)
                        : tag_ancestor_versions(matching, source_, remote_, temporary_);
      remember({state, {}, all});
    }
    const auto& versions = memory_.examined()->versions;
    if (known_) {
      // A tag that was moved keeps its place: its name is what the cursor says.
      if (auto found = versions.from_ref(known_->at("ref"))) return since(*std::move(found));
      if (tagged && has_tag(matching, known_->at("ref"))) {
        auto later = tagged_versions(matching, head, source_, remote_, temporary_, known_->at("ref"));
        remember({state, *known_, later});
        return since(std::move(later));
      }
    }
    return of_newest(versions);
  }

 private:
  static Outcome without_commits() {
    Outcome outcome;
    outcome.has_commits = false;
    return outcome;
  }

  static Outcome since(Versions versions, std::string subject = "", Course course = Course::onward) {
    Outcome outcome;
    outcome.versions = std::move(versions);
    outcome.subject = std::move(subject);
    outcome.since_known = true;
    outcome.course = course;
    return outcome;
  }

  [[nodiscard]] Outcome of_newest(const VersionList& versions) const {
    Outcome outcome;
    outcome.versions = versions.last(source_.fields.version_depth);
    return outcome;
  }

  // The versions that end with `head`. `state` stands for all that decided about it, and ends with its name.
  Outcome up_to(const ObjectId& head, const std::string& state) {
    if (known_ && *known_ == version_of(head) && source_.paths.everything() && source_.messages.everything()) {
      remember({state, *known_, std::vector{*known_}});
      return since({*known_});
    }
    if (auto remembered = unmoved(head)) {
      const auto& examined = memory_.examined();
      if (examined->state != state) remember({state, examined->since, examined->versions, examined->course});
      return *std::move(remembered);
    }
    auto found = moved(head);
    if (!found) found = since_known(head);
    if (!found) found = newest(head);
    remember({state, known_.value_or(Version()), found->versions, found->course});
    return *std::move(found);
  }

  Outcome tag_ancestors(const git::RemoteRefs& tags, const Head& branch, const std::string& refs) {
    const auto& examined = memory_.examined();
    std::optional<ObjectId> newest;
    if (examined && examined->state.starts_with(refs)) {
      newest = head_of(examined->state);
    } else {
      newest = newest_tag_ancestor(tags, branch, remote_, temporary_);
    }
    if (newest) return up_to(*newest, refs + " " + newest->text());
    remember({refs, {}, {}});
    return {};
  }

  void remember(const Examined& examined) { memory_.remember(examined, remote_.refused_filters()); }

  static std::optional<ObjectId> head_of(const std::string& state) {
    return ObjectId::parse(std::string_view(state).substr(state.rfind(' ') + 1));
  }

  // The answer when the head is the one examined before.
  std::optional<Outcome> unmoved(const ObjectId& head) {
    const auto& examined = memory_.examined();
    if (!examined || head_of(examined->state) != head) return std::nullopt;
    if (known_) {
      auto versions = examined->from(*known_);
      if (!versions) return std::nullopt;
      return since(*std::move(versions), "", *known_ == examined->since ? examined->course : Course::onward);
    }
    if (!examined->since.empty()) return std::nullopt;
    return of_newest(examined->versions);
  }

  // Each question begins with nothing: what another one has fetched would look like news.
  [[nodiscard]] BranchCheck examination(const ObjectId& head) { return {source_, remote_, head, temporary_}; }

  // The answer when the head comes from the one examined before: what was found then, and the news since.
  std::optional<Outcome> moved(const ObjectId& head) {
    const auto& examined = memory_.examined();
    if (!examined || !known_ || (*known_ == examined->since && examined->course != Course::onward)) return std::nullopt;
    auto versions = examined->from(*known_);
    const auto before = head_of(examined->state);
    if (!versions || !before) return std::nullopt;
    const auto news = examination(head).since(*before, BranchCheck::Known::left_out);
    if (!news || news->course != Course::onward) return std::nullopt;
    append_oldest_first(*versions, news->commits);
    return since(*std::move(versions), subject_of(news->commits));
  }

  // Nothing when no version is known, or the repository has it not (any more).
  std::optional<Outcome> since_known(const ObjectId& head) {
    const auto known = known_ ? ObjectId::parse(known_->at("ref")) : std::nullopt;
    if (!known) return std::nullopt;
    const auto news = examination(head).since(*known, BranchCheck::Known::examined);
    if (!news) {
      log_.info(fmt::format("{} has no commit {}: reporting the newest", remote_.shown(), known->text()));
      return std::nullopt;
    }
    auto found = since({}, subject_of(news->commits), news->course);
    append_oldest_first(found.versions, news->commits);
    return found;
  }

  Outcome newest(const ObjectId& head) {
    const auto commits = examination(head).newest(source_.fields.version_depth);
    Outcome found;
    found.subject = subject_of(commits);
    append_oldest_first(found.versions, commits);
    return found;
  }

  const Source& source_;
  const std::optional<Version>& known_;
  git::Remote& remote_;
  Memory& memory_;
  base::Log& log_;
  std::filesystem::path temporary_;
};

}  // namespace

std::vector<Version> check(const Source& source, const concourse::Request& request, concourse::Context& context) {
  const auto connection = connect(open_access(source, context), source, context);
  Memory memory(context.environment.get_or("TMPDIR", "/tmp"), question_of(request.source, source.location),
                context.log);
  auto known = request.version;
  if (known) known->erase("branch");
  Check check(source, known, *connection.remote, memory, context);
  const auto examine = [&] { return source.has_tag_filter() ? check.tags() : check.branch(); };
  auto outcome = [&] {
    try {
      return examine();
    } catch (const git::AnswerError& error) {
      if (error.fault() != git::Fault::absent) throw;
      // A ref may move, or another machine answer that has not seen it yet, between the list and the fetch.
      context.log.info(fmt::format("{}; listing its refs again", error.report().cause));
      connection.remote->forget_refs();
      return examine();
    }
  }();
  context.log.info(fmt::format("{}: {}", connection.remote->shown(), summary(outcome, known, source)));
  return std::move(outcome.versions);
}

}  // namespace source
