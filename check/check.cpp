#include "check/check.hpp"

#include "concourse/response.hpp"
#include "pipeline/lint.hpp"

namespace check {
namespace {

using concourse::Kind;

concourse::Task prepare(const concourse::Request& request, std::span<const Kind> kinds) {
  auto check = concourse::service(concourse::kind_of(request.source, kinds), &Kind::check).prepare(request);
  return {std::move(check.explain), [run = std::move(check.run)](const auto&, auto& context, auto& answer) {
            concourse::write_versions(answer, run(context));
          }};
}

bool lint(const std::filesystem::path& file, const std::vector<std::string>& vars, std::span<const Kind> kinds,
          std::ostream& output) {
  const auto document = pipeline::Document::read(file);
  const auto report = pipeline::lint(document, pipeline::read_vars(vars), kinds);
  output << pipeline::render(report, file.string()) << std::flush;
  return report.count(pipeline::Severity::error) == 0;
}

}  // namespace

concourse::Program program(std::span<const Kind> kinds) {
  return {
      concourse::StepName::check,
      concourse::summary("Reads a Concourse request on stdin and prints the versions of a resource", kinds,
                         &Kind::check),
      [kinds](const auto& request) { return prepare(request, kinds); },
      [kinds] { return concourse::schema("source of a build-service resource", kinds, &Kind::check); },
      [kinds](const auto& file, const auto& vars, auto& output) { return lint(file, vars, kinds, output); },
  };
}

}  // namespace check
