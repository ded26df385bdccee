#include "in/in.hpp"

#include "concourse/response.hpp"

namespace in {
namespace {

using concourse::Kind;

concourse::Task prepare(const concourse::Request& request, std::span<const Kind> kinds) {
  const auto& service = concourse::service(concourse::kind_of(request.source, kinds), &Kind::in);
  auto in = service.prepare(request);
  return {std::move(in.explain), [run = std::move(in.run)](const auto& destination, auto& context, auto& answer) {
            concourse::write_version(answer, run(destination, context));
          }};
}

}  // namespace

concourse::Program program(std::span<const Kind> kinds) {
  return {
      concourse::StepName::in,
      concourse::summary("Reads a Concourse request on stdin and puts a version into DIRECTORY", kinds, &Kind::in) +
          concourse::files(kinds),
      [kinds](const auto& request) { return prepare(request, kinds); },
      [kinds] { return concourse::schema("params of a get step of a build-service resource", kinds, &Kind::in); },
  };
}

}  // namespace in
