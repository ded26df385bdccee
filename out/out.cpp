#include "out/out.hpp"

#include "concourse/response.hpp"
#include "image/image.hpp"
#include "image/put.hpp"
#include "image/put_params.hpp"

namespace out {
namespace {

using concourse::Kind;

constexpr std::string_view other_kinds = "use source.repository to build and push an image, or the kpack resource";
constexpr std::string_view no_push = "commits are pushed by the git resource's own put";

void run(const concourse::Request& request, const std::filesystem::path& sources, concourse::Context& context,
         std::ostream& answer) {
  switch (request.kind) {
    case Kind::image:
      return concourse::write_version(answer, image::put(request, sources, context));
    case Kind::source:
      concourse::refuse_kind(request.kind, no_push);
    case Kind::kpack_image:
    case Kind::fleet:
      concourse::refuse_kind(request.kind, other_kinds);
  }
}

std::string explain(const concourse::Request& request) {
  switch (request.kind) {
    case Kind::image:
      static_cast<void>(image::read_put_params(request.params));
      return image::explain(request);
    case Kind::source:
      concourse::refuse_kind(request.kind, no_push);
    case Kind::kpack_image:
    case Kind::fleet:
      concourse::refuse_kind(request.kind, other_kinds);
  }
  return "";
}

json::Value schema() {
  json::Value result = image::put_params_schema();
  result["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  result["title"] = "params of a put step of a build-service resource";
  return result;
}

}  // namespace

concourse::Program program() {
  return {
      concourse::StepName::out,
      "Reads a Concourse request on stdin, builds params.source below DIRECTORY by Cloud Native Buildpacks, pushes\n"
      "the image to source.repository and prints its version.",
      run, explain, schema};
}

}  // namespace out
