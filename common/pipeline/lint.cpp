#include "pipeline/lint.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <optional>

#include "base/error.hpp"
#include "json/errors.hpp"
#include "pipeline/judge.hpp"
#include "pipeline/plan.hpp"
#include "pipeline/vars.hpp"

namespace pipeline {
namespace {

using concourse::Kind;

enum class Maker { ours, git, registry_image, kpack, other };

std::string_view last_part(std::string_view repository) {
  const auto slash = repository.rfind('/');
  if (slash != std::string_view::npos) repository.remove_prefix(slash + 1);
  return repository.substr(0, repository.find_first_of(":@"));
}

Maker maker_of(std::string_view type, std::string_view image) {
  if (type.starts_with("build-service") || image.starts_with("build-service")) return Maker::ours;
  if (image.find("kpack") != std::string_view::npos || type.find("kpack") != std::string_view::npos)
    return Maker::kpack;
  if (!image.empty()) return Maker::other;
  if (type == "git") return Maker::git;
  if (type == "registry-image") return Maker::registry_image;
  return Maker::other;
}

struct Resource {
  std::string name;
  std::string type;
  Maker maker = Maker::other;
  const json::Value* value = nullptr;
  Path path;
};

const json::Value& member(const json::Value& object, const char* name) {
  static const json::Value none = json::Value::object();
  const auto* found = object.is_object() ? json::find(object, name) : nullptr;
  return found == nullptr || found->is_null() ? none : *found;
}

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
    read_resources();
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

  [[nodiscard]] std::map<std::string, std::string> images_of_types() const {
    std::map<std::string, std::string> images;
    for (const auto& type : member(pipeline_, "resource_types")) {
      if (!type.is_object()) continue;
      const auto repository = json::text_or(member(type, "source"), "repository");
      images[json::text_or(type, "name")] = std::string(last_part(repository.empty() ? "?" : repository));
    }
    return images;
  }

  void read_resources() {
    const auto images = images_of_types();
    const auto& listed = member(pipeline_, "resources");
    for (std::size_t index = 0; listed.is_array() && index < listed.size(); ++index) {
      const auto& value = listed[index];
      if (!value.is_object()) continue;
      Resource resource{json::text_or(value, "name"),
                        json::text_or(value, "type"),
                        Maker::other,
                        &value,
                        {"resources", std::to_string(index)}};
      const auto image = images.find(resource.type);
      resource.maker = maker_of(resource.type, image == images.end() ? "" : image->second);
      if (!resource.name.empty()) resources_.emplace(resource.name, std::move(resource));
    }
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
      const bool trigger = member(*step.value, "trigger") == true;
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
  }

  // Those of its params and, after a put, of the get that follows by itself.
  std::vector<std::pair<std::string, Judgement>> judgements(const Step& step, const Resource& resource) const {
    const auto& source = member(*resource.value, "source");
    const auto source_path = below(resource.path, "source");
    std::vector<std::pair<std::string, Judgement>> result;
    if (step.kind == StepKind::get) {
      result.emplace_back("",
                          judge().get(source, source_path, member(*step.value, "params"), below(step.path, "params")));
      return result;
    }
    result.emplace_back("",
                        judge().put(source, source_path, member(*step.value, "params"), below(step.path, "params")));
    if (member(*step.value, "no_get") != true) {
      result.emplace_back("get_params", judge().get(source, source_path, member(*step.value, "get_params"),
                                                    below(step.path, "get_params")));
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
    for (const auto& job : jobs) {
      for (const auto& step : job.steps) {
        if (step.resource != resource.name) continue;
        if (resource.maker == Maker::git && step.kind == StepKind::put) {
          problems.push_back(fmt::format(
              "job {} pushes to it, which stays the git resource's work: keep one of that type for the put", job.name));
          continue;
        }
        for (const auto& [word, judged] : judgements(step, resource)) {
          if (!judged.in_source) collect(fmt::format("job {}: {}", job.name, step.name), judged);
        }
      }
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

  static Path below(const Path& path, const char* key) {
    Path result = path;
    result.emplace_back(key);
    return result;
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

std::string counted(std::size_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
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
  text += fmt::format("{}: {} of build-service, in {}: {}, {}\n", name, counted(report.resources, "resource"),
                      counted(report.steps, "step"), counted(report.count(Severity::error), "error"),
                      counted(report.count(Severity::warning), "warning"));
  return text;
}

}  // namespace pipeline
