#include "image/builds.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/parallel.hpp"

namespace image {
namespace {

using base::Error;

constexpr std::size_t lanes = 8;

struct Build {
  EarlierBuild summary;
  std::optional<StoredRecord> stored;
  std::optional<std::string> log;
};

// The record of a build as its summary names it; the summary alone where the registry has lost it.
void complete(Build& build, registry::Client& client, const registry::Repository& repository, base::Log& log) {
  try {
    if (!build.stored) {
      const auto digest = registry::Digest::parse(build.summary.record);
      if (!digest) return;
      build.stored = read_record(client, repository, *digest);
    }
    build.log = read_log(client, repository, *build.stored);
  } catch (const Error& error) {
    log.warning(fmt::format("build #{} is known by its number alone: {}", build.summary.number, error.what()));
  }
}

json::Value described(const Build& build, const registry::Repository& repository) {
  if (build.stored) {
    auto value = to_json(build.stored->record);
    value.erase("earlier");
    return value;
  }
  return {{"number", build.summary.number},
          {"status", "SUCCESS"},
          {"image", repository.text() + "@" + build.summary.image},
          {"reasons", build.summary.reasons},
          {"finished", build.summary.finished}};
}

}  // namespace

std::string build_table(const std::vector<BuildRow>& rows) {
  std::size_t width = std::string_view("BUILT IMAGE").size();
  for (const auto& row : rows) width = std::max(width, row.image.size());
  auto text = fmt::format("{:<8} {:<8} {:<{}} {}\n", "BUILD", "STATUS", "BUILT IMAGE", width, "REASON");
  for (const auto& row : rows) {
    const auto comma = row.reasons.find(',');
    const auto reason = comma == std::string::npos ? row.reasons : row.reasons.substr(0, comma) + "+";
    text += fmt::format("{:<8} {:<8} {:<{}} {}\n", row.number, "SUCCESS", row.image, width, reason);
  }
  return text;
}

void write_builds(registry::Client& client, const registry::Repository& repository, const StoredRecord& newest,
                  std::uint32_t count, const std::filesystem::path& destination, base::Log& log) {
  std::vector<Build> builds(1);
  const auto at = newest.record.image.rfind('@');
  builds[0].summary = {newest.record.number, newest.record.image.substr(at == std::string::npos ? 0 : at + 1),
                       newest.digest.text(), lifecycle::names_of(newest.record.changes), newest.record.finished};
  builds[0].stored = newest;
  for (const auto& earlier : newest.record.earlier) {
    if (builds.size() < count) builds.push_back({earlier, std::nullopt, std::nullopt});
  }
  base::for_each_parallel(builds.size(), lanes, [&](std::size_t i) { complete(builds[i], client, repository, log); });
  std::reverse(builds.begin(), builds.end());
  std::filesystem::create_directory(destination / "logs");
  json::Value list = json::Value::array();
  std::vector<BuildRow> rows;
  for (const auto& build : builds) {
    list.push_back(described(build, repository));
    rows.push_back({build.summary.number, repository.text() + "@" + build.summary.image, build.summary.reasons});
    if (build.log) {
      base::write_file(destination / "logs" / fmt::format("{}.log", build.summary.number), *build.log);
    }
  }
  base::write_file(destination / "builds.json", list.dump(2, ' ', false, json::Value::error_handler_t::replace) + "\n");
  base::write_file(destination / "builds.txt", build_table(rows));
}

}  // namespace image
