#include "buildpacks/plan.hpp"

#include <algorithm>

namespace buildpacks {
namespace {

Require read_require(const TomlReader& table) {
  Require require{table.text("name"), std::nullopt};
  if (table.has("version") && !table.text_or("version").empty()) {
    table.fail("version", "is not supported: use metadata.version instead");
  }
  if (const auto metadata = table.table("metadata")) require.metadata = metadata->value();
  return require;
}

PlanSection read_section(const TomlReader& table) {
  PlanSection section;
  for (const auto& provide : table.tables("provides")) section.provides.push_back(provide.text("name"));
  for (const auto& require : table.tables("requires")) section.requires_.push_back(read_require(require));
  return section;
}

}  // namespace

std::vector<PlanSection> parse_build_plan(std::string_view text, const std::string& what) {
  const auto document = parse_toml(text, what);
  const TomlReader reader(document, what);
  std::vector<PlanSection> sections = {read_section(reader)};
  for (const auto& alternative : reader.tables("or")) sections.push_back(read_section(alternative));
  return sections;
}

std::vector<Require> requirements_for(const Plan& plan, std::string_view id) {
  std::vector<Require> result;
  for (const auto& entry : plan) {
    const auto is_it = [&](const auto& provider) { return provider.id == id; };
    if (std::none_of(entry.providers.begin(), entry.providers.end(), is_it)) continue;
    result.insert(result.end(), entry.requires_.begin(), entry.requires_.end());
  }
  return result;
}

Plan without(Plan plan, const std::vector<std::string>& met) {
  std::erase_if(plan, [&](const PlanEntry& entry) {
    return std::any_of(entry.requires_.begin(), entry.requires_.end(), [&](const Require& require) {
      return std::find(met.begin(), met.end(), require.name) != met.end();
    });
  });
  return plan;
}

std::string buildpack_plan_toml(const std::vector<Require>& entries) {
  Toml::Array list;
  for (const auto& entry : entries) {
    Toml table;
    table.add("name", entry.name);
    if (entry.metadata) table.add("metadata", *entry.metadata);
    list.push_back(std::move(table));
  }
  Toml document;
  // The reference leaves an empty list out: it is nil there.
  if (!list.empty()) document.add("entries", std::move(list));
  return write_toml(document);
}

}  // namespace buildpacks
