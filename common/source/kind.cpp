#include "source/kind.hpp"

#include <array>
#include <memory>

#include "source/check.hpp"
#include "source/explain.hpp"
#include "source/in.hpp"
#include "source/params.hpp"
#include "source/source.hpp"

namespace source {
namespace {

constexpr std::array files{
    concourse::File{".git/ref", "the version's ref: a commit, or a tag"},
    concourse::File{".git/short_ref", "its first seven characters through `short_ref_format`, without a newline"},
    concourse::File{".git/commit", "the whole name of the commit"},
    concourse::File{".git/branch",
                    "the branches that point at the commit, separated by commas. Empty for an older commit"},
    concourse::File{".git/tags", "the tags that point at the commit, separated by commas"},
    concourse::File{".git/author", "the name of the author"},
    concourse::File{".git/author_date", "the date of the author, as ISO 8601"},
    concourse::File{".git/committer", "the e-mail address of the author, as the git resource has it"},
    concourse::File{".git/committer_name", "the name of the author, as the git resource has it"},
    concourse::File{".git/committer_date", "the date of the commit, as ISO 8601"},
    concourse::File{".git/commit_message", "the whole message"},
    concourse::File{".git/commit_timestamp", "the date of the commit through `timestamp_format`"},
    concourse::File{".git/describe_ref", "what `git describe` says of the commit"},
    concourse::File{
        ".git/url",
        "the page of the commit on GitHub, GitLab, Bitbucket, Gitea, Forgejo, Codeberg or Gogs. Empty for other hosts"},
    concourse::File{
        ".git/author_url",
        "the page of the author: the account if the address of the commit tells it, else the commits by the "
        "author on GitHub and GitLab. Empty for other hosts"},
    concourse::File{".git/metadata.json", "list of `name` and `value`: what the page of the build shows"},
};

concourse::Check prepare_check(const concourse::Request& request) {
  const auto source = std::make_shared<const Source>(read_source(request.source));
  if (request.version) require_version(*request.version);
  return {[source] { return explain(*source); },
          [source, request](concourse::Context& context) { return check(*source, request, context); }};
}

concourse::In prepare_in(const concourse::Request& request) {
  const auto source = std::make_shared<Source>(read_source(request.source));
  auto params = read_in_params(request.params);
  // As the git resource has it: a get that names no version is one of what the branch holds now.
  const auto version = request.version.value_or(concourse::Version{{"ref", "HEAD"}});
  require_version(version);
  // A version may be pinned together with the branch that it is on.
  if (const auto branch = version.find("branch"); branch != version.end()) {
    source->branch = read_branch(branch->second, "version.branch");
  }
  return {[source] { return explain(*source); },
          [source, params = std::move(params), version](const auto& destination, auto& context) {
            return in(*source, params, version, destination, context);
          }};
}

}  // namespace

concourse::Kind kind() {
  return {
      "source",
      "uri",
      "a git repository",
      concourse::Service<concourse::Check>{"commits or tags of a git repository", prepare_check,
                                           json::schema<SourceFields>},
      concourse::Service<concourse::In>{"a checkout of a commit", prepare_in, json::schema<InParams>},
      concourse::NotServed{"commits are pushed by the git resource's own put"},
      {{"ref", "0000000000000000000000000000000000000000"}},
      files,
  };
}

}  // namespace source
