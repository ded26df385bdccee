#include "source/check.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "source/branch_check.hpp"
#include "source/connection.hpp"
#include "source/head.hpp"
#include "source/memory.hpp"
#include "source/source.hpp"
#include "source/tag_check.hpp"

namespace source {
namespace {

using concourse::Version;
using git::ObjectId;

using Versions = std::vector<Version>;

// What decides about versions: another value of any of these is another question.
json::Value question_of(const json::Value& source, const git::Location& location) {
  json::Value question{{"repository", location.text()}};
  for (const char* name : {"branch", "paths", "ignore_paths", "tag_filter", "tag_regex", "tag_behaviour",
                           "disable_ci_skip", "commit_filter", "version_depth"}) {
    if (const auto* value = json::find(source, name)) question[name] = *value;
  }
  return question;
}

Version version_of(const ObjectId& commit) { return {{"ref", commit.text()}}; }

void append_oldest_first(Versions& versions, const std::vector<ObjectId>& newest_first) {
  for (auto id = newest_first.rbegin(); id != newest_first.rend(); ++id) versions.push_back(version_of(*id));
}

Versions last(Versions versions, std::size_t count) {
  if (versions.size() > count) versions.erase(versions.begin(), versions.end() - static_cast<std::ptrdiff_t>(count));
  return versions;
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
        temporary_(context.environment.get_or("TMPDIR", "/tmp")) {}

  Versions branch() {
    const auto head = find_head(source_, remote_);
    if (!head) return {};
    const std::string state = head->commit.text();
    if (known_ && *known_ == version_of(head->commit)) {
      memory_.remember({state, *known_, {*known_}});
      return {*known_};
    }
    if (auto remembered = unmoved(state)) return *std::move(remembered);
    BranchCheck examination(source_, remote_, head->commit, temporary_);
    Versions versions = moved(examination).value_or(Versions());
    if (versions.empty() && !since_known(examination, versions)) {
      versions.clear();
      append_oldest_first(versions, examination.newest(source_.fields.version_depth));
    }
    memory_.remember({state, known_.value_or(Version()), versions});
    return versions;
  }

  Versions tags() {
    auto prefixes = source_.branch ? head_prefixes(source_) : std::vector<std::string>();
    prefixes.emplace_back("refs/tags/");
    const auto refs = remote_.refs(prefixes);
    const auto head = source_.branch ? find_head(source_, refs, remote_) : std::nullopt;
    const auto matching = matching_tags(refs, source_);
    base::Sha256 digest;
    for (const auto& tag : matching) digest.update(fmt::format("{} {}\n", tag.id.text(), tag.name));
    if (head) digest.update(head->commit.text());
    const std::string state = digest.finish().text();
    // All versions are remembered, whatever is asked for: the next question is about a part of them.
    if (!memory_.examined() || memory_.examined()->state != state) {
      const bool tagged = source_.fields.tag_behaviour == TagBehaviour::match_tagged;
      auto all = tagged ? tagged_versions(matching, head, source_, remote_, temporary_)
                        : tag_ancestor_versions(matching, head, source_, remote_, temporary_);
      memory_.remember({state, {}, std::move(all)});
    }
    const auto& versions = memory_.examined()->versions;
    const auto known = known_ ? find_tag(versions, *known_) : versions.end();
    if (known != versions.end()) return {known, versions.end()};
    return last(versions, source_.fields.version_depth);
  }

 private:
  // A tag that was moved keeps its place: its name is what the cursor says.
  static Versions::const_iterator find_tag(const Versions& versions, const Version& known) {
    return std::find_if(versions.begin(), versions.end(),
                        [&](const Version& version) { return version.at("ref") == known.at("ref"); });
  }

  // The answer when the head is the one examined before.
  std::optional<Versions> unmoved(const std::string& state) {
    const auto& examined = memory_.examined();
    if (!examined || examined->state != state) return std::nullopt;
    if (known_) return examined->from(*known_);
    if (!examined->since.empty()) return std::nullopt;
    return last(examined->versions, source_.fields.version_depth);
  }

  // The answer when the head comes from the one examined before: what was found then, and the news since.
  std::optional<Versions> moved(BranchCheck& examination) {
    const auto& examined = memory_.examined();
    if (!examined || !known_) return std::nullopt;
    auto versions = examined->from(*known_);
    const auto before = ObjectId::parse(examined->state);
    if (!versions || !before) return std::nullopt;
    const auto news = examination.since(*before);
    if (!news || !news->descends) return std::nullopt;
    append_oldest_first(*versions, news->commits);
    return versions;
  }

  // False when the repository has no such commit (any more).
  bool since_known(BranchCheck& examination, Versions& versions) {
    const auto known = known_ ? ObjectId::parse(known_->at("ref")) : std::nullopt;
    if (!known) return false;
    const auto news = examination.since(*known);
    if (!news) {
      log_.info(fmt::format("{} has no commit {}: reporting the newest", remote_.shown(), known->text()));
      return false;
    }
    if (news->descends && examination.passes(*known)) versions.push_back(version_of(*known));
    append_oldest_first(versions, news->commits);
    return true;
  }

  const Source& source_;
  const std::optional<Version>& known_;
  git::Remote& remote_;
  Memory& memory_;
  base::Log& log_;
  std::filesystem::path temporary_;
};

}  // namespace

std::vector<Version> check(const concourse::Request& request, concourse::Context& context) {
  const Source source = read_source(request.source);
  if (request.version) {
    concourse::require_version_keys(*request.version, {{"ref"}, {"ref", "commit"}}, request.kind);
  }
  auto connection = connect(source, context);
  Memory memory(context.environment.get_or("TMPDIR", "/tmp"), question_of(request.source, source.location),
                context.log);
  Check check(source, request.version, *connection.remote, memory, context);
  return source.has_tag_filter() ? check.tags() : check.branch();
}

}  // namespace source
