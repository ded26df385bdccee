#include "out/out.hpp"

#include "concourse/response.hpp"

namespace out {
namespace {

using concourse::Kind;

concourse::Task prepare(const concourse::Request& request, std::span<const Kind> kinds) {
  auto out = concourse::service(concourse::kind_of(request.source, kinds), &Kind::out).prepare(request);
  return {std::move(out.explain), [run = std::move(out.run)](const auto& inputs, auto& context, auto& answer) {
            concourse::write_version(answer, run(inputs, context));
          }};
}

}  // namespace

concourse::Program program(std::span<const Kind> kinds) {
  return {
      concourse::StepName::out,
      concourse::summary("Reads a Concourse request on stdin, makes a version from the inputs below DIRECTORY and "
                         "prints it",
                         kinds, &Kind::out),
      [kinds](const auto& request) { return prepare(request, kinds); },
      [kinds] { return concourse::schema("params of a put step of a build-service resource", kinds, &Kind::out); },
  };
}

}  // namespace out
