#include "source/kind.hpp"

#include <memory>

#include "source/check.hpp"
#include "source/explain.hpp"
#include "source/in.hpp"
#include "source/params.hpp"
#include "source/source.hpp"

namespace source {
namespace {

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
  };
}

}  // namespace source
