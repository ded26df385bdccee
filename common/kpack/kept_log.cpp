#include "kpack/kept_log.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "builds/secrets.hpp"
#include "kpack/log_line.hpp"
#include "kpack/pod.hpp"
#include "kubernetes/log_merger.hpp"

namespace kpack {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t longest_log = 8UL << 20U;

// Ends the transfer of a log that is longer.
struct Enough {};

std::vector<builds::NamedSecret> variables_of(const Build& build) {
  std::vector<builds::NamedSecret> variables;
  const auto* spec = json::find(build.value, "spec");
  const auto* env = spec == nullptr ? nullptr : json::find(*spec, "env");
  if (env == nullptr || !env->is_array()) return variables;
  for (const auto& entry : *env) variables.push_back({json::text_or(entry, "name"), json::text_or(entry, "value")});
  return variables;
}

void add_step(std::string& text, kubernetes::Client& client, const std::string& space, const std::string& pod,
              const std::string& step) {
  text += fmt::format("===> {}\n", heading_of(step));
  kubernetes::LogMerger merger;
  const auto show = [&](std::string_view line) {
    text += shown_line(line) + "\n";
    if (text.size() > longest_log) throw Enough();
  };
  merger.begin();
  client.log(
      space, pod, step, std::nullopt, [&](std::string_view bytes) { merger.receive(bytes, show); }, nullptr);
  merger.end(show);
}

}  // namespace

std::optional<std::string> kept_log(kubernetes::Client& client, const std::string& space, const Build& build,
                                    base::Log& log) {
  if (build.pod.empty() || build.state == BuildState::running) return std::nullopt;
  std::string text;
  try {
    const auto found = client.find(kubernetes::pods, space, build.pod);
    if (!found) return std::nullopt;
    for (const auto& step : Pod(*found).steps) {
      if (step.state == Step::State::terminated) add_step(text, client, space, build.pod, step.name);
    }
  } catch (const Enough&) {
    text += "(the rest is cut)\n";
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) {
      log.warning(fmt::format("the log of build #{} is not written: {}", build.number, error.what()));
    }
    if (text.empty()) return std::nullopt;
  }
  return builds::masked(std::move(text), variables_of(build));
}

}  // namespace kpack
