#include "kpack/failure.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace kpack {
namespace {

// The exit codes of the lifecycle's phases (platform specification, "Exit codes").
constexpr int no_buildpack_wants_it = 20;
constexpr int buildpack_failed_to_detect = 21;
constexpr int buildpack_failed = 51;
constexpr int killed = 137;

struct Meaning {
  Blame blame;
  std::string_view text;
  std::string_view remedy;
};

Meaning meaning_of(const Step& step) {
  if (step.reason == "OOMKilled") {
    return {Blame::infrastructure, "it needed more memory than it may have", "raise the Image's spec.build.resources"};
  }
  if (step.exit_code == killed) return {Blame::infrastructure, "it was killed", ""};
  if (step.name == "detect" && step.exit_code == no_buildpack_wants_it) {
    return {Blame::source, "no group of buildpacks wants this source", "check sub_path, and the builder's buildpacks"};
  }
  if (step.name == "detect" && step.exit_code == buildpack_failed_to_detect) {
    return {Blame::source, "a buildpack failed to detect", ""};
  }
  if (step.name == "build" && step.exit_code == buildpack_failed) return {Blame::source, "a buildpack failed", ""};
  if (step.name == "build") return {Blame::unknown, "the lifecycle failed", ""};
  if (step.name == "prepare") {
    return {Blame::infrastructure, "the source or a credential could not be had",
            "check the secrets of the Image's service account"};
  }
  if (step.name == "completion") return {Blame::infrastructure, "signing the image failed", ""};
  return {Blame::infrastructure, "the registry or the cluster failed", ""};
}

const Step* failed_step(const std::vector<Step>& steps) {
  const auto found = std::find_if(steps.begin(), steps.end(), [](const Step& step) {
    return step.state == Step::State::terminated && step.exit_code != 0;
  });
  return found == steps.end() ? nullptr : &*found;
}

// The last line that says something. Kubernetes puts the end of a failed container's log into its message.
std::string last_line(std::string_view text) {
  std::string last;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (text.substr(0, end).find_first_not_of(" \t\r") != std::string_view::npos) last = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return last;
}

// kpack's own words about a container that left none hold the last line of its log: "Error:  Container build terminated
// with error <line>: For more info use `kubectl logs ...`".
std::string logged_line(const Build& build, const Step& step) {
  std::string_view text = build.succeeded.message;
  text = text.substr(0, text.find(": For more info use `kubectl logs"));
  const auto begin = fmt::format("Container {} terminated with error ", step.name);
  const auto at = text.find(begin);
  return at == std::string_view::npos ? "" : last_line(text.substr(at + begin.size()));
}

Failure of_step(const Step& step, const std::string& logged) {
  const auto meaning = meaning_of(step);
  const auto name = step.name.empty() ? std::string("a step") : "step " + step.name;
  auto said = last_line(step.message);
  if (said.empty()) said = logged;
  return {.step = step.name,
          .exit_code = step.exit_code,
          .blame = meaning.blame,
          .cause = fmt::format("{} ended with exit code {}: {}{}", name, step.exit_code, meaning.text,
                               said.empty() ? "" : fmt::format(" (\"{}\")", said)),
          .quotes = !said.empty(),
          .remedy = std::string(meaning.remedy)};
}

}  // namespace

std::string_view name_of(Blame blame) {
  switch (blame) {
    case Blame::source:
      return "the source";
    case Blame::infrastructure:
      return "the infrastructure";
    case Blame::unknown:
      return "";
  }
  return "";
}

Failure failure_of(const Build& build, const std::optional<Pod>& pod) {
  const auto without_step = [](Blame blame, std::string cause, std::string remedy) {
    return Failure{"", std::nullopt, blame, std::move(cause), false, std::move(remedy)};
  };
  if (pod) {
    if (pod->reason == "Evicted" || pod->reason == "DeadlineExceeded" || pod->reason == "NodeLost") {
      return without_step(
          Blame::infrastructure,
          fmt::format("its pod ended by {}{}{}", pod->reason, pod->message.empty() ? "" : ": ", pod->message),
          pod->reason == "DeadlineExceeded" ? "raise the Image's spec.build.buildTimeout" : "");
    }
    if (const auto* step = failed_step(pod->steps)) return of_step(*step, "");
  }
  if (const auto* step = failed_step(build.steps)) return of_step(*step, logged_line(build, *step));
  // No pod was ever made: of what the Image says none can be.
  if (build.pod.empty()) {
    return without_step(Blame::unknown, fmt::format("no pod can be made of it: {}", build.succeeded.message),
                        "correct the Image (env, resources, service account) and put again");
  }
  const auto& said = build.succeeded.message.empty() ? build.succeeded.reason : build.succeeded.message;
  return without_step(Blame::unknown, said.empty() ? "kpack does not say why" : last_line(said), "");
}

}  // namespace kpack
