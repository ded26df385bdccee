#include "builds/history.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/parallel.hpp"
#include "registry/limits.hpp"

namespace builds {
namespace {

using base::Error;

constexpr std::size_t lanes = registry::HostLimits{}.transfers;
constexpr std::size_t shown_commit = 12;

struct Column {
  std::string_view title;
  std::function<std::string(const BuildRow&)> text;
};

// The columns of `kp build list`, then what only some engines know. A record is anybody's text.
std::vector<Column> columns() {
  return {{"BUILD", [](const auto& row) { return std::to_string(row.number); }},
          {"STATUS", [](const auto& row) { return base::printable(row.status); }},
          {"BUILT IMAGE", [](const auto& row) { return base::printable(row.image); }},
          {"REASON",
           [](const auto& row) {
             const auto comma = row.reasons.find(',');
             return base::printable(comma == std::string::npos ? row.reasons : row.reasons.substr(0, comma) + "+");
           }},
          {"IMAGE RESOURCE", [](const auto& row) { return base::printable(row.image_resource); }},
          {"COMMIT", [](const auto& row) { return base::printable(row.commit.substr(0, shown_commit)); }},
          {"FINISHED", [](const auto& row) { return base::printable(row.finished); }}};
}

constexpr std::size_t kp_columns = 4;
// As `kp` has them.
constexpr std::string_view between_columns = "    ";

struct Build {
  EarlierBuild summary;
  std::optional<StoredRecord> stored;
  std::optional<std::string> log;
};

void read(Build& build, registry::Client& client, const registry::Repository& repository) {
  if (!build.stored) {
    const auto digest = registry::Digest::parse(build.summary.record);
    if (!digest) return;
    build.stored = read_record(client, repository, *digest);
  }
  build.log = read_log(client, repository, *build.stored);
}

// The record of a build as its summary names it; the summary alone where the registry has lost it.
void complete(Build& build, registry::Client& client, const registry::Repository& repository,
              const std::optional<registry::Repository>& origin, base::Log& log) {
  if (origin) {
    try {
      return read(build, client.brief(), repository);
    } catch (const Error& error) {
      log.debug(fmt::format("{}; asking {} instead of the mirror", error.what(), origin->host));
    }
  }
  try {
    read(build, client, origin.value_or(repository));
  } catch (const Error& error) {
    log.warning(fmt::format("image build #{} is known by its number alone: {}", build.summary.number, error.what()));
  }
}

HistoryEntry entry_of(Build build, const registry::Repository& repository) {
  const auto& summary = build.summary;
  HistoryEntry entry;
  entry.row.number = summary.number;
  entry.row.image = repository.text() + "@" + summary.image;
  entry.row.reasons = summary.reasons;
  entry.row.finished = summary.finished;
  if (build.stored) {
    const auto& record = build.stored->record;
    entry.row.status = record.status;
    entry.row.commit = record.origin.commit;
    entry.document = to_json(record);
    for (const auto* name : {"earlier", "files"}) entry.document.erase(name);  // not for people
  } else {
    entry.document = {{"number", summary.number},
                      {"status", status::success},
                      {"image", entry.row.image},
                      {"reasons", summary.reasons},
                      {"finished", summary.finished}};
  }
  entry.log = std::move(build.log);
  return entry;
}

}  // namespace

std::string build_table(const std::vector<BuildRow>& rows) {
  std::vector<std::vector<std::string>> table(rows.size() + 1);
  std::vector<std::size_t> widths;
  const auto all = columns();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& column = all[i];
    if (i >= kp_columns &&
        std::all_of(rows.begin(), rows.end(), [&](const auto& row) { return column.text(row).empty(); }))
      continue;
    table.front().emplace_back(column.title);
    widths.push_back(column.title.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      table[row + 1].push_back(column.text(rows[row]));
      widths.back() = std::max(widths.back(), table[row + 1].back().size());
    }
  }
  std::string text;
  for (const auto& line : table) {
    std::string written;
    for (std::size_t i = 0; i < line.size(); ++i) {
      written += fmt::format("{:<{}}{}", line[i], widths[i], between_columns);
    }
    text += written.substr(0, written.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

void write_history(const std::vector<HistoryEntry>& entries, const std::filesystem::path& destination) {
  std::filesystem::create_directory(destination / "logs");
  json::Value list = json::Value::array();
  std::vector<BuildRow> rows;
  for (const auto& entry : entries) {
    list.push_back(entry.document);
    rows.push_back(entry.row);
    if (entry.log) base::write_file(destination / "logs" / fmt::format("{}.log", entry.row.number), *entry.log);
  }
  base::write_file(destination / "builds.json", list.dump(2, ' ', false, json::Value::error_handler_t::replace) + "\n");
  base::write_file(destination / "builds.txt", build_table(rows));
}

void write_history(registry::Client& client, const registry::Repository& repository, const StoredRecord& newest,
                   std::uint32_t count, const std::filesystem::path& destination, base::Log& log,
                   const std::optional<registry::Repository>& origin) {
  std::vector<Build> builds(1);
  builds[0].summary = {newest.record.number, digest_in(newest.record.image), newest.digest.text(),
                       names_of(newest.record.changes), newest.record.finished};
  builds[0].stored = newest;
  for (const auto& earlier : newest.record.earlier) {
    if (builds.size() < count) builds.push_back({earlier, std::nullopt, std::nullopt});
  }
  base::for_each_parallel(builds.size(), lanes,
                          [&](std::size_t i) { complete(builds[i], client, repository, origin, log); });
  std::vector<HistoryEntry> entries;
  for (auto build = builds.rbegin(); build != builds.rend(); ++build) {
    entries.push_back(entry_of(std::move(*build), repository));
  }
  write_history(entries, destination);
}

}  // namespace builds
