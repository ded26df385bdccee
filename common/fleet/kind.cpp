#include "fleet/kind.hpp"

#include <array>
#include <memory>

#include "fleet/check.hpp"
#include "fleet/explain.hpp"
#include "fleet/in.hpp"
#include "fleet/params.hpp"
#include "fleet/put.hpp"
#include "fleet/source.hpp"
#include "fleet/version.hpp"

namespace fleet {
namespace {

constexpr std::array files{
    concourse::File{"images.json",
                    "every image: `name`, `repository`, `tag`, `image` (by digest), `before`, `state`, `reason`, "
                    "`run_image`, `build`, `seconds`"},
    concourse::File{"changed.json",
                    "the images that the put moved, in the same form, ready for `load_var` and `across`"},
    concourse::File{"changed.tsv", "the same for a shell: name, `before` and `image`, separated by tabs"},
    concourse::File{"needs-build.json",
                    "the images whose buildpacks or launcher are older than the builder's, with `needs_build` (`what`, "
                    "`old`, `new`). Written if there is one"},
    concourse::File{"report.md", "the report for people"},
    concourse::File{"report.html", "the same as one file that loads nothing"},
    concourse::File{"record.json", "the record as it is"},
    concourse::File{"fleet", "the version's digest of the record"},
    concourse::File{"run_image", "the version's run image"},
    concourse::File{"deploy/", "with `deploy`: `kustomization.yaml`"},
};

concourse::Check prepare_check(const concourse::Request& request) {
  const auto source = std::make_shared<const Source>(read_source(request.source));
  std::optional<Version> version;
  if (request.version) version = read_version(*request.version);
  return {[source] { return explain(*source); },
          [source, version](concourse::Context& context) { return check(*source, version, context); }};
}

concourse::In prepare_in(const concourse::Request& request) {
  const auto source = std::make_shared<const Source>(read_source(request.source));
  const auto params = std::make_shared<const InParams>(json::read<InParams>(request.params, "params"));
  const auto version = read_version(concourse::require_version(request));
  return {[source] { return explain(*source); },
          [source, params, version](const auto& destination, auto& context) {
            return in(*source, *params, version, destination, context);
          }};
}

concourse::Out prepare_out(const concourse::Request& request) {
  const auto source = std::make_shared<const Source>(read_source(request.source));
  require_cluster(*source);
  const auto params = std::make_shared<const PutParams>(read_put_params(request.params, *source));
  return {[source] { return explain(*source); },
          [source, params](const auto& inputs, auto& context) { return put(*source, *params, inputs, context); }};
}

}  // namespace

concourse::Kind kind() {
  return {
      "fleet",
      "fleet",
      "images rebased together",
      concourse::Service<concourse::Check>{"puts of a fleet of images", prepare_check, json::schema<SourceFields>},
      concourse::Service<concourse::In>{"what became of each image of a fleet, and a report", prepare_in,
                                        json::schema<InParams>},
      concourse::Service<concourse::Out>{"brings the images of a fleet to a newer run image, or back", prepare_out,
                                         json::schema<PutParams>},
      {{"fleet", "sha256:" + std::string(64, '0')}, {"run_image", "sha256:" + std::string(64, '0')}},
      files,
  };
}

}  // namespace fleet
