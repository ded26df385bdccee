#include "kpack_image/kind.hpp"

#include <array>
#include <memory>

#include "kpack_image/check.hpp"
#include "kpack_image/explain.hpp"
#include "kpack_image/in.hpp"
#include "kpack_image/params.hpp"
#include "kpack_image/put.hpp"
#include "kpack_image/put_params.hpp"
#include "kpack_image/source.hpp"
#include "kpack_image/version.hpp"

namespace kpack_image {
namespace {

constexpr std::array files{
    concourse::File{"image", "`<repository>@<digest>`: what a deployment wants"},
    concourse::File{"repository", "the repository"},
    concourse::File{"tag", "the tag of the Image"},
    concourse::File{"digest", "the digest of the version"},
    concourse::File{"builds.json", "with `builds`: the last Builds up to the version's, oldest first"},
    concourse::File{"builds.txt", "with `builds`: the same as a table"},
    concourse::File{"logs/<number>.log", "with `builds`: the log of each, as long as kpack keeps its pod"},
    concourse::File{"deploy/", "with `deploy`: `kustomization.yaml`, `helm-values.yaml`, `patch.yaml`"},
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
  const auto params = read_in_params(request.params);
  const auto version = read_version(concourse::require_version(request));
  return {[source] { return explain(*source); },
          [source, params, version](const auto& destination, auto& context) {
            return in(*source, params, version, destination, context);
          }};
}

concourse::Out prepare_out(const concourse::Request& request) {
  const auto source = std::make_shared<const Source>(read_source(request.source));
  auto params = read_put_params(request.params);
  return {[source] { return explain(*source); },
          [source, params = std::move(params)](const auto& inputs, auto& context) {
            return put(*source, params, inputs, context);
          }};
}

}  // namespace

concourse::Kind kind() {
  return {
      "kpack image",
      "image",
      "an image built by kpack",
      concourse::Service<concourse::Check>{"digests that kpack built", prepare_check, json::schema<SourceFields>},
      concourse::Service<concourse::In>{"the reference files of an image that kpack built", prepare_in,
                                        json::schema<InParams>},
      concourse::Service<concourse::Out>{"has kpack build a commit, an archive or a directory, and waits for the image",
                                         prepare_out, json::schema<PutFields>},
      {{"image", "registry.example.com/app@sha256:" + std::string(64, '0')}},
      files,
  };
}

}  // namespace kpack_image
