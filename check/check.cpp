#include "check/check.hpp"

#include "concourse/response.hpp"
#include "image/image.hpp"
#include "source/check.hpp"
#include "source/explain.hpp"

namespace check {
namespace {

using concourse::Kind;

constexpr std::string_view other_kinds = "use source.uri or source.repository, or the kpack resource";

void run(const concourse::Request& request, const std::filesystem::path& /*directory*/, concourse::Context& context,
         std::ostream& answer) {
  switch (request.kind) {
    case Kind::source:
      return concourse::write_versions(answer, source::check(request, context));
    case Kind::image:
      return concourse::write_versions(answer, image::check(request, context));
    case Kind::kpack_image:
    case Kind::fleet:
      concourse::refuse_kind(request.kind, other_kinds);
  }
}

std::string explain(const concourse::Request& request) {
  switch (request.kind) {
    case Kind::source:
      return source::explain(request);
    case Kind::image:
      return image::explain(request);
    case Kind::kpack_image:
    case Kind::fleet:
      concourse::refuse_kind(request.kind, other_kinds);
  }
  return "";
}

json::Value schema() {
  return {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
          {"title", "source of a build-service resource"},
          {"oneOf", json::Value::array({source::source_schema(), image::source_schema()})}};
}

}  // namespace

concourse::Program program() {
  return {concourse::StepName::check,
          "Reads a Concourse request on stdin and prints the versions of a resource: commits or tags of a git\n"
          "repository (source.uri), or digests of an image (source.repository).",
          run, explain, schema};
}

}  // namespace check
