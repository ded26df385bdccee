#include "buildpacks/outputs.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace buildpacks {
namespace {

bool has_odd_number(const Toml& value) {
  if (const auto* number = value.get<double>()) return !std::isfinite(*number);
  if (const auto* array = value.get<Toml::Array>()) return std::any_of(array->begin(), array->end(), has_odd_number);
  const auto* table = value.table();
  return table != nullptr &&
         std::any_of(table->begin(), table->end(), [](const auto& member) { return has_odd_number(member.second); });
}

// Metadata go into a label as JSON and are read back from there by the next build: what JSON cannot hold would make the
// whole image one that nobody can build on. (How deep they may be is bounded by parse_toml().)
Toml read_metadata(const TomlReader& metadata, const TomlReader& owner) {
  if (has_odd_number(metadata.value())) owner.fail("metadata", "holds inf or nan, which a label cannot");
  return metadata.value();
}

std::vector<BomEntry> read_bom(const TomlReader& document, const GroupElement& buildpack) {
  std::vector<BomEntry> result;
  for (const auto& table : document.tables("bom")) {
    BomEntry entry{{table.text_or("name"), std::nullopt}, buildpack.id, buildpack.version};
    if (!table.text_or("version").empty()) table.fail("version", "is not allowed: use metadata.version instead");
    if (const auto metadata = table.table("metadata")) entry.require.metadata = read_metadata(*metadata, table);
    result.push_back(std::move(entry));
  }
  return result;
}

// Types become file names in the image and names of programs (process-types layer).
void check_type(const TomlReader& table, const std::string& type) {
  if (type.find_first_of("/><:|&\\") != std::string::npos || type == "." || type == "..") {
    table.fail("type", fmt::format("is \"{}\"; it may have none of / > < : | & \\", type));
  }
}

Process read_process(const TomlReader& table, const GroupElement& buildpack, ApiVersion api) {
  Process process;
  process.type = table.text("type");
  check_type(table, process.type);
  if (api < ApiVersion{0, 9}) {
    process.command = {table.text_or("command")};
    process.direct = table.flag("direct");
  } else {
    if (table.has("direct")) table.fail("direct", fmt::format("is not allowed in Buildpack API {}", api.text()));
    process.command = table.texts("command").value_or(std::vector<std::string>());
  }
  if (process.command.empty()) table.fail("command", "is missing");
  process.args = table.texts("args");
  process.is_default = table.flag("default");
  process.buildpack_id = buildpack.id;
  if (api >= ApiVersion{0, 8}) process.working_directory = table.text_or("working-dir");
  process.execution_environments = table.texts("exec-env").value_or(std::vector<std::string>());
  return process;
}

}  // namespace

LaunchToml parse_launch_toml(std::string_view text, const std::string& what, const GroupElement& buildpack,
                             ApiVersion api) {
  const auto document = parse_toml(text, what);
  const TomlReader reader(document, what);
  LaunchToml launch;
  for (const auto& label : reader.tables("labels"))
    launch.labels.push_back({label.text("key"), label.text_or("value")});
  bool has_default = false;
  for (const auto& table : reader.tables("processes")) {
    launch.processes.push_back(read_process(table, buildpack, api));
    if (!launch.processes.back().is_default) continue;
    if (has_default) table.fail("default", "is true for a second process: one may be the default");
    has_default = true;
  }
  for (const auto& slice : reader.tables("slices")) launch.slices.push_back({slice.texts("paths")});
  launch.bom = read_bom(reader, buildpack);
  return launch;
}

BuildToml parse_build_toml(std::string_view text, const std::string& what, const GroupElement& buildpack) {
  const auto document = parse_toml(text, what);
  const TomlReader reader(document, what);
  BuildToml build;
  for (const auto& unmet : reader.tables("unmet")) build.unmet.push_back(unmet.text("name"));
  build.bom = read_bom(reader, buildpack);
  return build;
}

LayerToml parse_layer_toml(std::string_view text, const std::string& what) {
  const auto document = parse_toml(text, what);
  const TomlReader reader(document, what);
  for (const auto* flag : {"build", "launch", "cache"}) {
    if (reader.has(flag)) reader.fail(flag, "stands at the top: it belongs into [types]");
  }
  LayerToml layer;
  if (const auto metadata = reader.table("metadata")) layer.metadata = read_metadata(*metadata, reader);
  if (const auto types = reader.table("types")) {
    layer.build = types->flag("build");
    layer.launch = types->flag("launch");
    layer.cache = types->flag("cache");
  }
  return layer;
}

std::string restored_layer_toml(const std::optional<Toml>& metadata) {
  Toml document;
  if (metadata) document.add("metadata", *metadata);
  return write_toml(document);
}

std::optional<Toml> parse_store_toml(std::string_view text, const std::string& what) {
  const auto document = parse_toml(text, what);
  const TomlReader reader(document, what);
  const auto metadata = reader.table("metadata");
  return metadata ? std::optional(read_metadata(*metadata, reader)) : std::nullopt;
}

std::string store_toml(const Toml& metadata) { return write_toml(Toml().add("metadata", metadata)); }

}  // namespace buildpacks
