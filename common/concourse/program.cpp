#include "concourse/program.hpp"

#include <algorithm>
#include <clocale>
#include <cxxopts.hpp>
#include <fmt/format.h>
#include <sstream>
#include <unistd.h>

#include "base/error.hpp"
#include "base/termination.hpp"
#include "build_version.hpp"
#include "concourse/destination.hpp"

namespace concourse {
namespace {

using base::Error;
using base::ErrorKind;

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;
constexpr int exit_terminated = 128 + 15;

cxxopts::Options options_of(const Program& program) {
  cxxopts::Options options(std::string(name_of(program.step)), program.summary);
  options.add_options()("h,help", "show this text")("version", "show the version")(
      "explain", "say which kind the request on stdin is and what it would contact, without contacting it")(
      "schema", "show what the step accepts, as JSON Schema");
  if (program.lint) {
    options.add_options()("lint", "say what is wrong with a pipeline, without contacting anyone",
                          cxxopts::value<std::string>(),
                          "PIPELINE")("l,load-vars-from", "with --lint: a file of vars, as fly takes it (repeatable)",
                                      cxxopts::value<std::vector<std::string>>(), "FILE");
  }
  if (program.step == StepName::in) {
    options.add_options()("directory", "the destination", cxxopts::value<std::string>());
  } else if (program.step == StepName::out) {
    options.add_options()("directory", "the directory of the build's inputs", cxxopts::value<std::string>());
  } else {
    // Concourse gives check no argument; some tools that drive resources do.
    options.add_options()("directory", "ignored", cxxopts::value<std::string>());
  }
  options.parse_positional({"directory"});
  options.positional_help(program.step == StepName::check ? "" : "DIRECTORY");
  return options;
}

std::filesystem::path directory_of(const Program& program, const cxxopts::ParseResult& parsed) {
  if (program.step == StepName::check) return {};
  const bool is_in = program.step == StepName::in;
  if (parsed.count("directory") == 0) {
    throw Error(ErrorKind::usage, {"start", std::string(name_of(program.step)),
                                   is_in ? "the destination is missing" : "the directory of the inputs is missing",
                                   "give it as the first argument, as Concourse does"});
  }
  const std::filesystem::path directory = parsed["directory"].as<std::string>();
  std::error_code failed;
  if (!is_in && !std::filesystem::is_directory(directory, failed)) {
    throw Error(ErrorKind::usage, {"read", directory.string(), "it is not a directory",
                                   "give the directory of the build's inputs as the first argument"});
  }
  return std::filesystem::absolute(directory);
}

void run_task(const Task& task, const std::filesystem::path& directory, Streams streams, Context& context) {
  std::ostringstream answer;
  task.run(directory, context, answer);
  streams.output << answer.str() << std::flush;
  if (!streams.output) {
    throw Error(ErrorKind::internal, {"write", "the answer to stdout", "the output is closed or full", ""});
  }
}

void run_step(const Program& program, const cxxopts::ParseResult& parsed, Streams streams, Context& context) {
  const bool explains = parsed.count("explain") != 0;
  const auto directory = explains ? std::filesystem::path() : directory_of(program, parsed);
  const Request request = read_request(streams.input);
  const auto* debug = json::find(request.source, "debug");
  if (debug != nullptr && *debug == true) context.log.set_verbosity(base::Verbosity::debug);
  const Task task = program.prepare(request);
  if (explains) {
    streams.output << task.explain() << std::flush;
  } else if (program.step == StepName::in) {
    Destination destination(directory);
    run_task(task, destination.path(), streams, context);
    destination.keep();
  } else {
    run_task(task, directory, streams, context);
  }
}

int report(base::Log& log, const std::exception& exception) {
  log.end_output();
  const bool aborted = dynamic_cast<const base::Aborted*>(&exception) != nullptr;
  const bool known = dynamic_cast<const Error*>(&exception) != nullptr;
  if (aborted) {
    // Concourse does not tell a step which of them it was.
    log.error(fmt::format("{}; the build was aborted, or the step's timeout is over", exception.what()));
  } else if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) {
    log.error("cannot go on: out of memory; give the worker more");
  } else {
    log.error(known ? exception.what() : fmt::format("cannot go on: {}", base::printable(exception.what())));
  }
  return aborted ? exit_terminated : exit_failure;
}

}  // namespace

int run_program(const Program& program, int argc, const char* const* argv, Streams streams) {
  const base::Environment environment = base::process_environment();
  base::Log log(streams.errors, base::colour_for(environment, isatty(STDERR_FILENO) == 1), base::system_clock());
  try {
    // Names in archives and repositories are bytes, mostly UTF-8: libarchive converts by the locale.
    std::setlocale(LC_CTYPE, "C.UTF-8");  // NOLINT(concurrency-mt-unsafe): no thread runs yet
    base::watch_for_termination();
    cxxopts::Options options = options_of(program);
    const auto parsed = options.parse(argc, argv);
    if (parsed.count("help") != 0) {
      streams.output << options.help();
    } else if (parsed.count("version") != 0) {
      streams.output << name_of(program.step) << " of build-service " << BUILD_SERVICE_VERSION << '\n';
    } else if (parsed.count("schema") != 0) {
      streams.output << program.schema().dump(2) << '\n';
    } else if (program.lint && parsed.count("lint") != 0) {
      std::vector<std::string> vars;
      if (parsed.count("load-vars-from") != 0) vars = parsed["load-vars-from"].as<std::vector<std::string>>();
      if (!program.lint(parsed["lint"].as<std::string>(), vars, streams.output)) return exit_failure;
    } else {
      Context context{environment, log, base::system_clock(), base::system_random()};
      run_step(program, parsed, streams, context);
    }
    return 0;
  } catch (const cxxopts::exceptions::exception& exception) {
    log.error(fmt::format("cannot read the options: {}; see --help", base::printable(exception.what())));
    return exit_usage;
  } catch (const std::exception& exception) {
    return report(log, exception);
  }
}

std::string summary_of(std::string_view what, const std::vector<Line>& lines) {
  std::size_t width = 0;
  for (const auto& line : lines) width = std::max(width, line.field.size());
  std::string text = fmt::format("{}:", what);
  for (const auto& line : lines) text += fmt::format("\n  source.{:<{}}  {}", line.field, width, line.text);
  return text + "\n";
}

std::string files(std::span<const Kind> kinds) {
  std::string text;
  for (const auto& kind : kinds) {
    std::size_t width = 0;
    for (const auto& file : kind.files) width = std::max(width, file.name.size());
    text += fmt::format("\nFiles of source.{}:\n", kind.field);
    for (const auto& file : kind.files) text += fmt::format("  {:<{}}  {}\n", file.name, width, file.what);
  }
  return text;
}

json::Value titled(json::Value schema, const Kind& kind) {
  schema["title"] = fmt::format("source.{}: {}", kind.field, kind.what);
  return schema;
}

void add_files(json::Value& schema, const Kind& kind) {
  auto& list = schema["x-files"] = json::Value::array();
  for (const auto& file : kind.files) list.push_back({{"name", file.name}, {"description", file.what}});
}

json::Value schema_of(std::string_view title, std::vector<json::Value> schemas) {
  json::Value result = json::Value::object();
  if (schemas.size() == 1) {
    result = std::move(schemas.front());
  } else {
    result["oneOf"] = std::move(schemas);
  }
  result["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  result["title"] = title;
  return result;
}

}  // namespace concourse
