#include "fleet/in.hpp"

#include <fmt/format.h>
#include <map>
#include <set>

#include "base/file.hpp"
#include "deploying/files.hpp"
#include "fleet/report.hpp"
#include "fleet/store.hpp"
#include "json/fields.hpp"
#include "registry/connection.hpp"

namespace fleet {
namespace {

json::Value images_where(const json::Value& images, const FleetRecord& record,
                         const std::function<bool(const FleetImage&)>& is_wanted) {
  json::Value list = json::Value::array();
  for (std::size_t i = 0; i < record.images.size(); ++i) {
    if (is_wanted(record.images[i])) list.push_back(images[i]);
  }
  return list;
}

// For shells without a reader of JSON: name, what the tag named before, and what it names now.
std::string changed_lines(const FleetRecord& record) {
  std::string result;
  for (const auto& image : record.images) {
    if (is_change(image.state)) result += fmt::format("{}\t{}\t{}\n", image.name(), image.before, image.image);
  }
  return result;
}

void write_json(const std::filesystem::path& path, const json::Value& value) {
  base::write_file(path, json::dump(value) + "\n");
}

}  // namespace

void write_files(const FleetRecord& record, const registry::Digest& fleet, const std::filesystem::path& destination) {
  const auto document = to_json(record);
  const auto& images = document["images"];
  base::write_file(destination / "fleet", fleet.text());
  base::write_file(destination / "run_image", record.run_image);
  write_json(destination / "record.json", document);
  write_json(destination / "images.json", images);
  write_json(destination / "changed.json",
             images_where(images, record, [](const auto& image) { return is_change(image.state); }));
  base::write_file(destination / "changed.tsv", changed_lines(record));
  if (record.needing_a_build() > 0) {
    write_json(destination / "needs-build.json",
               images_where(images, record, [](const auto& image) { return !image.needs.empty(); }));
  }
  base::write_file(destination / "report.md", report_markdown(record));
  base::write_file(destination / "report.html", report_html(record));
}

void write_kustomization(const FleetRecord& record, const std::filesystem::path& destination) {
  std::map<std::string, std::set<std::string>> moved;
  for (const auto& image : record.images) {
    const auto at = image.image.find('@');
    if (is_change(image.state) && at != std::string::npos) moved[image.repository].insert(image.image.substr(at + 1));
  }
  std::vector<deploying::Image> images;
  for (const auto& [repository, digests] : moved) {
    if (digests.size() == 1) images.push_back({repository, "", *digests.begin()});
  }
  deploying::write_file(destination, "kustomization.yaml", deploying::kustomization(images));
}

concourse::Metadata metadata_of(const FleetRecord& record) {
  concourse::Metadata result{{"put", fmt::format("#{}", record.number)}};
  for (auto& fact : facts_of(record)) result.push_back(std::move(fact));
  result.emplace_back("images", std::to_string(record.images.size()));
  for (const auto state : states()) {
    if (const auto count = record.count(state); count > 0) {
      result.emplace_back(std::string(meaning_of(state)), std::to_string(count));
    }
  }
  if (const auto needing = record.needing_a_build(); needing > 0) {
    result.emplace_back("needing a build", std::to_string(needing));
  }
  return result;
}

concourse::VersionAndMetadata fetch(const registry::Reference& record, const Version& version, const InParams& params,
                                    const std::filesystem::path& destination, registry::Client& client,
                                    base::Log& log) {
  const auto stored = read_fleet(client, record, version.fleet);
  if (stored.record.run_image != version.run_image) {
    json::wrong_value(
        "version.run_image",
        fmt::format("the fleet's record {} is of the run image {}", version.fleet.text(), stored.record.run_image),
        "let check report the versions anew (fly check-resource)");
  }
  write_files(stored.record, stored.digest, destination);
  if (!params.deploy.empty()) write_kustomization(stored.record, destination);
  log.success(fmt::format("put #{} of the fleet, {}: {}", stored.record.number,
                          base::readable_time(stored.record.finished), sentence_of(stored.record)));
  return {write_version(stored.digest, stored.record.run_image), metadata_of(stored.record)};
}

concourse::VersionAndMetadata in(const Source& source, const InParams& params, const Version& version,
                                 const std::filesystem::path& destination, concourse::Context& context) {
  const auto connection = registry::connect(source.hosts, context);
  return fetch(source.record, version, params, destination, *connection.registry, context.log);
}

}  // namespace fleet
