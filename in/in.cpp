#include "in/in.hpp"

#include "concourse/response.hpp"
#include "image/image.hpp"
#include "image/in.hpp"
#include "source/explain.hpp"
#include "source/in.hpp"
#include "source/params.hpp"

namespace in {
namespace {

using concourse::Kind;

constexpr std::string_view other_kinds = "use source.uri or source.repository, or the kpack resource";

void run(const concourse::Request& request, const std::filesystem::path& destination, concourse::Context& context,
         std::ostream& answer) {
  switch (request.kind) {
    case Kind::source:
      return concourse::write_version(answer, source::in(request, destination, context));
    case Kind::image:
      return concourse::write_version(answer, image::in(request, destination, context));
    case Kind::kpack_image:
    case Kind::fleet:
      concourse::refuse_kind(request.kind, other_kinds);
  }
}

std::string explain(const concourse::Request& request) {
  switch (request.kind) {
    case Kind::source:
      static_cast<void>(source::read_in_params(request.params));
      return source::explain(request);
    case Kind::image:
      static_cast<void>(json::read<image::InParams>(request.params, "params"));
      return image::explain(request);
    case Kind::kpack_image:
    case Kind::fleet:
      concourse::refuse_kind(request.kind, other_kinds);
  }
  return "";
}

json::Value schema() {
  return {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
          {"title", "params of a get step of a build-service resource"},
          {"oneOf", json::Value::array({source::in_params_schema(), image::in_params_schema()})}};
}

}  // namespace

concourse::Program program() {
  return {concourse::StepName::in,
          "Reads a Concourse request on stdin and puts a version into DIRECTORY: a checkout of a commit (source.uri),\n"
          "or an image's reference files, root filesystem or layout (source.repository).",
          run, explain, schema};
}

}  // namespace in
