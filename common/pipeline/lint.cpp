#include "pipeline/lint.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iterator>
#include <map>
#include <optional>

#include "base/error.hpp"
#include "base/wording.hpp"
#include "json/errors.hpp"
#include "pipeline/judge.hpp"
#include "pipeline/plan.hpp"
#include "pipeline/resources.hpp"
#include "pipeline/vars.hpp"

namespace pipeline {
namespace {

using concourse::Kind;

// Params that name an input of the put, as docs/schema has them: the first part of the path is an artifact of the job.
constexpr std::array paths_of_inputs{"source", "image", "commitish", "blob_url_file", "blob_url_path", "rollback"};

// Of an `across` with more combinations these are judged.
constexpr std::size_t most_combinations = 64;

// A field that a var will decide may be anything.
bool may_be_true(const json::Value& value) { return value == true || value.is_string(); }

class Linter {
 public:
  Linter(const Document& document, const json::Value& vars, std::span<const Kind> kinds)
      : document_(document), pipeline_(document.value()), kinds_(kinds) {
    unknown_ = put_vars(pipeline_, vars);
  }

  Report report() {
    if (!pipeline_.is_object()) {
      add({}, Severity::error, "a pipeline is a mapping with jobs and resources");
      return std::move(report_);
    }
    resources_ = resources_of(pipeline_, unknown_);
    for (const auto& [name, resource] : resources_) {
      if (resource.maker == Maker::ours) judge_ours(resource);
    }
    const auto jobs = jobs_of(pipeline_);
    for (const auto& job : jobs) judge_job(job);
    for (const auto& [name, resource] : resources_) judge_change_of_type(resource, jobs);
    std::stable_sort(report_.findings.begin(), report_.findings.end(),
                     [](const Finding& a, const Finding& b) { return a.line < b.line; });
    return std::move(report_);
  }

 private:
  void add(const Path& path, Severity severity, std::string text) {
    report_.findings.push_back({document_.line(path), severity, std::move(text)});
  }

  [[nodiscard]] Judge judge() const { return Judge(kinds_, unknown_); }

  void judge_ours(const Resource& resource) {
    ++report_.resources;
    tell(fmt::format("resource {}", resource.name),
         judge().source(member(*resource.value, "source"), below(resource.path, "source")));
  }

  // What became of one judgement; true where there is nothing to say.
  void tell(const std::string& who, const Judgement& judgement) {
    if (judgement.error)
      add(judgement.path, Severity::error, fmt::format("{}: {}", base::printable(who), *judgement.error));
    if (judgement.unknown) {
      add(judgement.path, Severity::note,
          fmt::format("{}: not judged further: {} is a var without a value here", base::printable(who),
                      *judgement.unknown));
    }
  }

  void judge_job(const Job& job) {
    bool triggers = false;
    bool has_ours = false;
    for (const auto& step : job.steps) {
      const auto found = resources_.find(step.resource);
      const bool ours = found != resources_.end() && found->second.maker == Maker::ours;
      if (ours) judge_step(job, step, found->second);
      has_ours = has_ours || ours;
      if (step.kind != StepKind::get) continue;
      const bool trigger = may_be_true(member(*step.value, "trigger"));
      triggers = triggers || trigger;
      if (trigger && ours) judge_trigger(job, step, found->second);
    }
    if (has_ours && !triggers) {
      add(job.path, Severity::note,
          fmt::format("job {}: it never starts by itself: none of its gets has `trigger: true`",
                      base::printable(job.name)));
    }
  }

  void judge_trigger(const Job& job, const Step& step, const Resource& resource) {
    const auto who = fmt::format("job {}: get {}", job.name, step.name);
    const auto& version = member(*step.value, "version");
    const auto& pinned = member(*resource.value, "version");
    if ((version.is_object() && !version.empty()) || (pinned.is_object() && !pinned.empty())) {
      add(step.path, Severity::warning,
          fmt::format("{}: it never triggers: its version is pinned", base::printable(who)));
    }
    const bool never = json::text_or(*resource.value, "check_every") == "never";
    if (never && member(*resource.value, "webhook_token").empty() && member(*step.value, "passed").empty()) {
      add(step.path, Severity::warning,
          fmt::format("{}: it never triggers: resource {} has `check_every: never` and no webhook_token",
                      base::printable(who), base::printable(resource.name)));
    }
  }

  void judge_step(const Job& job, const Step& step, const Resource& resource) {
    ++report_.steps;
    const bool get = step.kind == StepKind::get;
    const auto who = fmt::format("job {}: {} {}", job.name, get ? "get" : "put", step.name);
    for (const auto& [word, judged] : judgements(step, resource)) {
      if (!judged.in_source) tell(word.empty() ? who : fmt::format("{} ({})", who, word), judged);
    }
    if (!get) judge_inputs(who, job, step);
  }

  // Whether what the params of a put name is there by then.
  void judge_inputs(const std::string& who, const Job& job, const Step& step) {
    const auto& params = member(*step.value, "params");
    const auto& inputs = member(*step.value, "inputs");
    const auto end = job.artifacts.begin() + static_cast<std::ptrdiff_t>(step.artifacts);
    for (const auto* name : paths_of_inputs) {
      const auto path = json::text_or(params, name);
      auto at = below(below(step.path, "params"), name);
      if (path.empty() || is_unknown(at)) continue;
      const auto artifact = path.substr(0, path.find('/'));
      if (artifact.find_first_of(".*?[") == 0) continue;
      const auto where = fmt::format("{}: params.{}: ", base::printable(who), name);
      if (!step.others && std::find(job.artifacts.begin(), end, artifact) == end) {
        const auto near = json::nearest(artifact, {job.artifacts.begin(), end});
        add(at, Severity::error,
            fmt::format("{}nothing before this step is called {}{}", where, base::printable(artifact),
                        near ? fmt::format("; did you mean {}?", base::printable(*near)) : ""));
      } else if (inputs.is_array() && std::find(inputs.begin(), inputs.end(), json::Value(artifact)) == inputs.end()) {
        add(at, Severity::error,
            fmt::format("{}`inputs` of the put does not list {}", where, base::printable(artifact)));
      }
    }
  }

  [[nodiscard]] bool is_unknown(const Path& path) const {
    return std::any_of(unknown_.begin(), unknown_.end(), [&](const Path& each) { return is_prefix(path, each); });
  }

  // Those of its params and, after a put, of the get that follows by itself.
  std::vector<std::pair<std::string, Judgement>> judgements(const Step& step, const Resource& resource) const {
    std::vector<std::pair<std::string, Judgement>> result;
    if (step.kind == StepKind::get) {
      judge_params(step, resource, "params", &Judge::get, "", result);
      return result;
    }
    judge_params(step, resource, "params", &Judge::put, "", result);
    if (!may_be_true(member(*step.value, "no_get"))) {
      judge_params(step, resource, "get_params", &Judge::get, "get_params", result);
    }
    return result;
  }

  using How = Judgement (Judge::*)(const json::Value&, const Path&, const json::Value&, const Path&) const;

  // Once for each combination of the local vars around the step, where it has any; equal judgements are told once.
  void judge_params(const Step& step, const Resource& resource, const char* name, How how, const std::string& word,
                    std::vector<std::pair<std::string, Judgement>>& result) const {
    const auto& source = member(*resource.value, "source");
    const auto source_path = below(resource.path, "source");
    const auto path = below(step.path, name);
    std::set<std::string> told;
    for (const auto& local : combinations(step.across)) {
      auto params = member(*step.value, name);
      std::set<Path> unknown;
      std::copy_if(unknown_.begin(), unknown_.end(), std::inserter(unknown, unknown.end()),
                   [&](const Path& each) { return !is_prefix(path, each); });
      unknown.merge(put_vars(params, local, path, "."));
      const auto judged = (Judge(kinds_, unknown).*how)(source, source_path, params, path);
      const auto text = judged.error.value_or(judged.unknown.value_or(""));
      if (text.empty() || !told.insert(text).second) continue;
      result.emplace_back(word, judged);
    }
  }

  // Objects of the vars' values. A var whose values are not known here stays out, and so unknown.
  static std::vector<json::Value> combinations(const std::vector<Across>& across) {
    std::vector<json::Value> result{json::Value::object()};
    for (const auto& var : across) {
      if (!var.values->is_array() || var.values->empty()) continue;
      std::vector<json::Value> longer;
      for (const auto& made : result) {
        for (const auto& value : *var.values) {
          if (longer.size() == most_combinations) break;
          longer.push_back(made);
          longer.back()[var.name] = value;
        }
      }
      result = std::move(longer);
    }
    return result;
  }

  void judge_change_of_type(const Resource& resource, const std::vector<Job>& jobs) {
    if (resource.maker == Maker::ours || resource.maker == Maker::other) return;
    const auto who = fmt::format("resource {} of type {}", resource.name, resource.type);
    std::vector<std::string> problems;
    const auto collect = [&](const std::string& where, const Judgement& judged) {
      if (judged.error) problems.push_back(where.empty() ? *judged.error : fmt::format("{}: {}", where, *judged.error));
    };
    collect("", judge().source(member(*resource.value, "source"), below(resource.path, "source")));
    std::vector<std::string> pushing;
    for (const auto& job : jobs) {
      for (const auto& step : job.steps) {
        if (step.resource != resource.name) continue;
        if (resource.maker == Maker::git && step.kind == StepKind::put) {
          if (pushing.empty() || pushing.back() != job.name) pushing.push_back(job.name);
          continue;
        }
        for (const auto& [word, judged] : judgements(step, resource)) {
          if (!judged.in_source) collect(fmt::format("job {}: {}", job.name, step.name), judged);
        }
      }
    }
    if (!pushing.empty()) {
      problems.push_back(
          fmt::format("job {}{} pushes to it, which stays the git resource's work: keep one of that type for the put",
                      pushing.front(), pushing.size() == 1 ? "" : fmt::format(" (and {} more)", pushing.size() - 1)));
    }
    if (problems.empty()) {
      add(resource.path, Severity::note,
          fmt::format("{}: `type: build-service` takes it as it stands", base::printable(who)));
    }
    for (const auto& problem : problems) {
      add(resource.path, Severity::note,
          fmt::format("{}: `type: build-service` would not take it: {}", base::printable(who),
                      base::printable(problem)));
    }
  }

  const Document& document_;
  json::Value pipeline_;
  std::span<const Kind> kinds_;
  std::set<Path> unknown_;
  std::map<std::string, Resource> resources_;
  Report report_;
};

std::string_view word_of(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      break;
  }
  return "note";
}

}  // namespace

std::size_t Report::count(Severity severity) const {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(), [&](const Finding& each) { return each.severity == severity; }));
}

Report lint(const Document& pipeline, const json::Value& vars, std::span<const Kind> kinds) {
  return Linter(pipeline, vars, kinds).report();
}

json::Value read_vars(const std::vector<std::string>& files) {
  json::Value vars = json::Value::object();
  for (const auto& file : files) {
    const auto document = Document::read(file);
    if (!document.value().is_object()) json::wrong_value(file, "it is not a mapping of vars");
    vars.update(document.value());
  }
  return vars;
}

std::string render(const Report& report, const std::string& name) {
  std::string text;
  for (const auto& each : report.findings) {
    text += fmt::format("{}:{}: {}: {}\n", name, each.line, word_of(each.severity), each.text);
  }
  text += fmt::format("{}: {} of build-service, in {}: {}, {}\n", name, base::counted(report.resources, "resource"),
                      base::counted(report.steps, "step"), base::counted(report.count(Severity::error), "error"),
                      base::counted(report.count(Severity::warning), "warning"));
  return text;
}

}  // namespace pipeline
