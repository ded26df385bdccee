#include "fleet/report.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/wording.hpp"

namespace fleet {
namespace {

bool wants_attention(const FleetImage& image) {
  return is_failure(image.state) || image.state == State::moved || image.state == State::not_rebasable ||
         image.state == State::no_base || !image.needs.empty();
}

// A cell may hold anything: a bar would end it, a backtick or a bracket would begin something.
std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("\\`*_[]<>|#").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

// "registry.example.com/run@sha256:3f2a9bd14c5d": a whole digest says no more to a person.
std::string shortened(const std::string& image) {
  constexpr std::size_t shown = 12;
  const auto digest = image.rfind("@sha256:");
  return digest == std::string::npos ? image : image.substr(0, digest + 8 + shown);
}

// "ClusterStack base: runImage.image registry.example.com/run@sha256:3f2a9bd14c5d"
std::string text_of(const TargetSetting& setting) {
  auto text = kpack::text_of(setting.target);
  for (const auto& [path, value] : setting.now) {
    const auto before = setting.before.find(path);
    if (before != setting.before.end() && before->second == value) continue;
    text += value.is_array() ? fmt::format(", {} of {}", path, value.size())
                             : fmt::format(", {} {}", path, shortened(kpack::shown_text(value)));
  }
  return text;
}

std::string code(const std::string& text) { return text.empty() ? "" : "`" + text + "`"; }

void write_images(std::string& out, std::string_view heading, const std::vector<const FleetImage*>& images) {
  if (images.empty()) return;
  out += fmt::format("\n## {} ({})\n\n", heading, images.size());
  out += "| Image | From | To | State | Reason |\n|---|---|---|---|---|\n";
  for (const auto* image : images) {
    const auto after = image->image == image->before ? "" : short_digest(image->image);
    out += fmt::format("| {} | {} | {} | {} | {} |\n", cell(image->name()), code(short_digest(image->before)),
                       code(after), name_of(image->state), cell(remark_of(*image)));
  }
}

void write_packages(std::string& out, const FleetRecord& record) {
  for (const auto& step : record.bases) {
    out += fmt::format("\n## The patch for {}\n\n{} to {}, {}\n\n", cell(step.platform),
                       step.before.empty() ? "an older base" : code(step.before), code(step.now),
                       step.images == 1 ? "1 image" : fmt::format("{} images", step.images));
    if (!step.packages.unknown.empty()) {
      out += fmt::format("Which packages it changes is not known: {}\n", cell(step.packages.unknown));
      continue;
    }
    const auto lines = packages::lines_of(step.packages.difference);
    if (lines.empty()) out += "It changes no package.\n";
    for (const auto& line : lines) out += fmt::format("- {}\n", cell(line));
  }
}

void write_history(std::string& out, const FleetRecord& record) {
  if (record.earlier.empty()) return;
  out += "\n## Before\n\n| Put | What | Finished | Moved | Failed | Record |\n|---|---|---|---|---|---|\n";
  for (const auto& put : record.earlier) {
    out += fmt::format("| #{} | {} | {} | {} | {} | {} |\n", put.number, cell(put.operation), cell(put.finished),
                       put.changed, put.failed, code(put.fleet));
  }
}

}  // namespace

std::string title_of(const FleetRecord& record) {
  return fmt::format("Fleet {}, put #{}", record.record, record.number);
}

ImageGroups group(const FleetRecord& record) {
  ImageGroups result;
  for (const auto& image : record.images) {
    auto& list = wants_attention(image) ? result.attention : is_change(image.state) ? result.changed : result.others;
    list.push_back(&image);
  }
  return result;
}

std::vector<std::pair<std::string, std::string>> facts_of(const FleetRecord& record) {
  std::vector<std::pair<std::string, std::string>> result{{"operation", record.operation},
                                                          {"run image", record.run_image}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) result.emplace_back(name, value);
  };
  if (record.target) add("set", text_of(*record.target));
  add("rolled back to", record.rolled_back_to);
  add("packages", record.packages);
  add("started by", record.started_by);
  add("finished", base::readable_time(record.finished));
  result.emplace_back("duration", base::human_seconds(record.seconds));
  if (const auto& latency = record.latency) {
    add(latency_name(record).c_str(), text_of(*latency));
  }
  add("build", record.build_url);
  return result;
}

std::string latency_name(const FleetRecord& record) {
  return record.rolled_back_to.empty() ? "patch latency" : "time until back";
}

std::string text_of(const Latency& latency) {
  const auto since = latency.since == "push" ? "the base's push" : "the start of the put";
  return fmt::format("p50 {}, p95 {}, from {} to the image's tag", base::human_seconds(latency.p50),
                     base::human_seconds(latency.p95), since);
}

std::string short_digest(const std::string& image) {
  const auto at = image.rfind("@sha256:");
  return at == std::string::npos ? image : image.substr(at + 8, 12);
}

std::string remark_of(const FleetImage& image) {
  std::string result = image.reason;
  for (const auto& [what, before, now] : image.needs) {
    result += fmt::format("{}{} {} {}", result.empty() ? "needs a build: " : "; needs a build: ", what,
                          shortened(before), now.empty() ? "is no longer in the builder" : "-> " + shortened(now));
  }
  return result;
}

std::string report_markdown(const FleetRecord& record) {
  std::string out = fmt::format("# {}\n\n{}\n\n", cell(title_of(record)), cell(sentence_of(record)));
  for (const auto& [name, value] : facts_of(record)) out += fmt::format("- {}: {}\n", name, cell(value));
  const auto groups = group(record);
  write_images(out, "For a person to look at", groups.attention);
  write_packages(out, record);
  write_images(out, "Moved", groups.changed);
  write_images(out, "As they were", groups.others);
  write_history(out, record);
  return out;
}

}  // namespace fleet
