#include "fleet/mover.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "builds/store.hpp"
#include "http/message.hpp"

namespace fleet {
namespace {

using base::Error;

constexpr std::string_view engine = "fleet";
constexpr std::uint32_t uploads = 2;  // of a configuration: POST and PUT
// A mount, the manifest, and the list of referrers where the registry keeps none itself.
constexpr std::uint32_t record_writes = 3;

registry::RawManifest parsed(std::string bytes, std::string_view type) {
  return registry::parse_raw(std::string(type), std::move(bytes), "a manifest of our own");
}

}  // namespace

void Mover::bring(const registry::Repository& repository, const Rebasing& rebasing) {
  pacer_.take(repository.host, uploads + static_cast<std::uint32_t>(rebasing.missing.size()));
  for (const auto& layer : rebasing.missing) supply_.bring(repository, rebasing.base, layer);
  client_.put_new_blob(repository, rebasing.config, http::text_body(rebasing.config_text));
}

// All that the tags will name, by its digest.
registry::RawManifest Mover::publish(const Survey& survey, Task& task) {
  survey.complete(task.image);
  const auto& repository = task.image.reference.repository;
  std::optional<registry::RawManifest> image;
  for (auto& rebasing : task.image.rebasings) {
    bring(repository, rebasing);
    image = parsed(std::move(rebasing.manifest), registry::media_type::oci_manifest);
    pacer_.take(repository.host, 1);
    client_.put_manifest({repository, std::nullopt, image->digest}, *image);
  }
  if (task.image.is_index) {
    image = parsed(std::move(task.image.index), registry::media_type::oci_index);
    pacer_.take(repository.host, 1);
    client_.put_manifest({repository, std::nullopt, image->digest}, *image);
  }
  return *std::move(image);
}

builds::BuildRecord Mover::rebase_record(const Task& task, const registry::RawManifest& image) const {
  builds::BuildRecord record;
  record.kind = "rebase";
  record.image = task.image.reference.repository.text() + "@" + image.digest.text();
  record.tag = staging_.empty() ? task.tags.front() : staging_;
  const auto packages = occasion_.packages.find(task.image.run_image);
  const bool known = packages != occasion_.packages.end() && !packages->second.empty();
  record.changes = {{builds::Reason::stack, task.image.run_image,
                     known ? fmt::format("{} ({})", occasion_.run_image, packages->second) : occasion_.run_image}};
  record.run_image = occasion_.run_image;
  for (const auto& rebasing : task.image.rebasings) {
    record.layers += rebasing.kept;
    record.size += rebasing.size;
    record.uploaded += rebasing.config.size;
  }
  record.reused = record.layers;
  return record;
}

std::uint64_t Mover::write(builds::BuildRecord record, const registry::Reference& before,
                           const registry::RawManifest& image, base::SteadyTime began) {
  const auto& repository = before.repository;
  // An image is good without its record: a registry that takes no artifacts must not leave it unpatched.
  try {
    const auto [previous, unknown] = builds::look_for_record(client_, repository, *before.digest);
    if (!unknown.empty()) {
      log_.warning(fmt::format("{}: the builds before are not known, so this one is counted as the first: {}",
                               repository.text(), unknown));
    }
    if (previous) {
      record.origin = previous->record.origin;
      record.builder = previous->record.builder;
    }
    record.engine = engine;
    record.build_url = occasion_.build_url;
    record.fleet = occasion_.fleet;
    const auto took = log_.clock().steady_now() - began;
    const auto now = log_.clock().now();
    record.started = base::rfc3339(now - std::chrono::floor<std::chrono::seconds>(took));
    record.finished = base::rfc3339(now);
    record.seconds = std::chrono::duration<double>(took).count();
    builds::follow(record, previous);
    pacer_.take(repository.host, record_writes);
    supply_.bring(repository, record_repository_, builds::empty_blob());
    const auto manifest = builds::record_manifest(image, record);
    client_.put_manifest({repository, std::nullopt, manifest.digest}, manifest);
    return record.number;
  } catch (const Error& error) {
    log_.detail(fmt::format("{}: the build record is not saved: {}", repository.text(), error.what()));
    return 0;
  }
}

// What was moved meanwhile is left alone.
Verdict Mover::move_tag(const registry::Reference& tag, const registry::Digest& seen,
                        const registry::RawManifest& image, State moved) {
  pacer_.take(tag.repository.host, 1);  // no wait may lie between the look and the move
  const auto move = client_.move_tag(tag, seen, staging_.empty() ? tag : tag.with_tag(staging_), image);
  if (move.is_moved) return {moved, ""};
  if (!move.found) return {State::moved, "its tag was removed meanwhile"};
  return {State::moved, fmt::format("its tag was moved meanwhile, to {}", move.found->text())};
}

std::vector<Moved> Mover::rebase(const Survey& survey, Task& task) {
  std::vector<Moved> result(task.tags.size());
  const auto& host = task.image.reference.repository.host;
  if (const auto away = reachability_.verdict(host)) return std::vector<Moved>(task.tags.size(), {*away, 0});
  const auto began = log_.clock().steady_now();
  std::size_t done = 0;
  try {
    const auto& seen = *task.image.digest;
    const auto image = publish(survey, task);
    const auto build = write(rebase_record(task, image), task.image.reference.with(seen), image, began);
    for (; done < task.tags.size(); ++done) {
      const auto tag = task.image.reference.with_tag(task.tags[done]);
      result[done] = {move_tag(tag, seen, image, State::rebased), build};
    }
  } catch (const Error& error) {
    reachability_.note(host, error);
    for (; done < task.tags.size(); ++done) result[done] = {verdict_of(error, State::failed), 0};
  }
  return result;
}

Moved Mover::roll_back(const Return& way) {
  const auto began = log_.clock().steady_now();
  const auto& host = way.reference.repository.host;
  if (const auto away = reachability_.verdict(host)) return {*away, 0};
  try {
    const auto before = way.reference.with(way.to);
    const auto image = client_.find_manifest(before);
    if (!image) return {{State::failed, "the registry does not have " + way.to.text() + " any more"}, 0};
    builds::BuildRecord record;
    record.kind = "rollback";
    record.image = before.text();
    record.tag = way.reference.tag.value_or("");
    record.changes = {{builds::Reason::trigger, way.from.text(), "rolled back to " + way.to.text()}};
    record.run_image = occasion_.run_image;
    const auto build = write(std::move(record), way.reference.with(way.from), *image, began);
    return {move_tag(way.reference, way.from, *image, State::rolled_back), build};
  } catch (const Error& error) {
    reachability_.note(host, error);
    return {verdict_of(error, State::failed), 0};
  }
}

}  // namespace fleet
