#include "image/kind.hpp"

#include <array>
#include <memory>

#include "image/check.hpp"
#include "image/explain.hpp"
#include "image/in.hpp"
#include "image/locating.hpp"
#include "image/params.hpp"
#include "image/put.hpp"
#include "image/put_params.hpp"
#include "image/source.hpp"
#include "image/standing.hpp"
#include "image/version.hpp"

namespace image {
namespace {

constexpr std::array files{
    concourse::File{"image", "`<repository>@<digest>`: what a deployment wants"},
    concourse::File{"repository", "the repository, with the registry of a cloud in full"},
    concourse::File{"tag", "the tag of the version"},
    concourse::File{"digest", "the digest of the version"},
    concourse::File{"rootfs/", "with `format: rootfs`: the files of the image"},
    concourse::File{
        "metadata.json",
        "with `format: rootfs`: `env`, `user`, `cmd` and `entrypoint`, `null` for what the image does not say"},
    concourse::File{"labels.json", "with `format: rootfs` and `oci`: the labels of the image"},
    concourse::File{"image.tar", "with `format: oci`: the archive"},
    concourse::File{"oci/",
                    "with `format: oci-layout`: the layout. For a single image `oci/single-image-digest` says so"},
    concourse::File{"sbom/", "with `sbom`: `<buildpack>/<layer>/sbom.*.json`, as the buildpacks wrote them"},
    concourse::File{"builds.json", "with `builds`: the last builds of the image, oldest first"},
    concourse::File{"builds.txt", "with `builds`: the same as a table"},
    concourse::File{"logs/<number>.log", "with `builds`: the log of each"},
    concourse::File{"deploy/", "with `deploy`: `kustomization.yaml`, `helm-values.yaml`, `patch.yaml`"},
};

void warn(const Source& source, concourse::Context& context) {
  for (const auto& warning : source.warnings) context.log.warning(warning);
}

concourse::Check prepare_check(const concourse::Request& request) {
  const auto source = std::make_shared<const Source>(read_source(request.source));
  std::optional<Version> version;
  if (request.version) version = find_version(*request.version, watched_tag(*source));
  return {[source] { return explain(*source); },
          [source, version](concourse::Context& context) {
            warn(*source, context);
            return check(located(*source, context), version, context);
          }};
}

concourse::In prepare_in(const concourse::Request& request) {
  const auto source = std::make_shared<const Source>(read_source(request.source));
  const auto params = read_in_params(request.params);
  const auto given = concourse::require_version(request);
  const auto version = read_version(given, watched_tag(*source));
  return {[source] { return explain(*source); },
          [source, params, given, version](const auto& destination, auto& context) {
            warn(*source, context);
            auto result = in(located(*source, context), params, version, destination, context);
            result.version = given;  // as it was pinned, though its tag was left out
            return result;
          }};
}

concourse::Out prepare_out(const concourse::Request& request) {
  const auto source = std::make_shared<const Source>(read_source(request.source));
  auto params = read_put_params(request.params);
  return {[source] { return explain(*source); },
          [source, params = std::move(params)](const auto& inputs, auto& context) {
            warn(*source, context);
            return put(located(*source, context), params, inputs, context);
          }};
}

}  // namespace

concourse::Kind kind() {
  return {
      "image",
      "repository",
      "an image built here",
      concourse::Service<concourse::Check>{"digests of an image", prepare_check, json::schema<SourceFields>},
      concourse::Service<concourse::In>{"an image's reference files, root filesystem or layout", prepare_in,
                                        json::schema<InParams>},
      concourse::Service<concourse::Out>{"pushes params.image, or builds params.source by Cloud Native Buildpacks",
                                         prepare_out, json::schema<PutParams>},
      {{"tag", "latest"}, {"digest", "sha256:" + std::string(64, '0')}},
      files,
  };
}

}  // namespace image
