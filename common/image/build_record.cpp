#include "image/build_record.hpp"

#include <charconv>
#include <fmt/format.h>

#include "base/error.hpp"
#include "http/message.hpp"

namespace image {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::string_view number_annotation = "io.build-service.build.number";
constexpr std::string_view log_type = "text/plain";
constexpr std::size_t longest_history = 99;
constexpr std::uint64_t largest_record = 4ULL << 20U;
constexpr std::uint64_t largest_log = 16ULL << 20U;

std::uint64_t number_or_zero(const json::Value& object, std::string_view name) {
  const auto* value = json::find(object, name);
  return value != nullptr && value->is_number_unsigned() ? value->get<std::uint64_t>() : 0;
}

double seconds_or_zero(const json::Value& object, std::string_view name) {
  const auto* value = json::find(object, name);
  return value != nullptr && value->is_number() ? value->get<double>() : 0;
}

template <class Visit>
void for_each(const json::Value& object, std::string_view name, const Visit& visit) {
  const auto* list = json::find(object, name);
  if (list == nullptr || !list->is_array()) return;
  for (const auto& element : *list) visit(element);
}

std::uint64_t annotated_number(const registry::Descriptor& descriptor) {
  const auto found = descriptor.annotations.find(std::string(number_annotation));
  std::uint64_t number = 0;
  if (found != descriptor.annotations.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), number);
  }
  return number;
}

std::optional<lifecycle::Reason> reason_named(std::string_view name) {
  using lifecycle::Reason;
  for (const auto reason : {Reason::trigger, Reason::commit, Reason::config, Reason::buildpack, Reason::stack}) {
    if (lifecycle::name_of(reason) == name) return reason;
  }
  return std::nullopt;
}

registry::Descriptor descriptor_of(std::string_view media_type, const std::string& text) {
  return {std::string(media_type), base::Sha256::of(text), text.size(), {}, std::nullopt, ""};
}

json::Value history(const std::vector<EarlierBuild>& builds) {
  json::Value list = json::Value::array();
  for (const auto& build : builds) {
    list.push_back({{"number", build.number},
                    {"image", build.image},
                    {"record", build.record},
                    {"reasons", build.reasons},
                    {"finished", build.finished}});
  }
  return list;
}

}  // namespace

json::Value to_json(const BuildRecord& record) {
  json::Value changes = json::Value::array();
  for (const auto& change : record.changes) {
    changes.push_back({{"reason", lifecycle::name_of(change.reason)}, {"old", change.before}, {"new", change.now}});
  }
  json::Value phases = json::Value::array();
  for (const auto& phase : record.phases) {
    phases.push_back({{"name", phase.name}, {"seconds", phase.seconds}, {"cpu", phase.cpu}});
  }
  return {{"number", record.number},
          {"status", "SUCCESS"},
          {"kind", record.kind},
          {"image", record.image},
          {"tag", record.tag},
          {"reasons", lifecycle::names_of(record.changes)},
          {"changes", std::move(changes)},
          {"commit", record.origin.commit},
          {"source", record.origin.repository},
          {"commit_url", record.origin.page},
          {"builder", record.builder},
          {"run_image", record.run_image},
          {"build_url", record.build_url},
          {"started", record.started},
          {"finished", record.finished},
          {"seconds", record.seconds},
          {"phases", std::move(phases)},
          {"layers", record.layers},
          {"layers_reused", record.reused},
          {"uploaded", record.uploaded},
          {"size", record.size},
          {"earlier", history(record.earlier)}};
}

std::optional<BuildRecord> parse_build_record(std::string_view text) {
  json::Value value;
  try {
    value = json::parse(text, "the build record");
  } catch (const Error&) {
    return std::nullopt;
  }
  BuildRecord record;
  record.number = number_or_zero(value, "number");
  if (record.number == 0) return std::nullopt;
  record.kind = json::text_or(value, "kind");
  record.image = json::text_or(value, "image");
  record.tag = json::text_or(value, "tag");
  for_each(value, "changes", [&](const auto& entry) {
    const auto reason = reason_named(json::text_or(entry, "reason"));
    if (reason) record.changes.push_back({*reason, json::text_or(entry, "old"), json::text_or(entry, "new")});
  });
  record.origin = {json::text_or(value, "commit"), json::text_or(value, "source"), json::text_or(value, "commit_url")};
  record.builder = json::text_or(value, "builder");
  record.run_image = json::text_or(value, "run_image");
  record.build_url = json::text_or(value, "build_url");
  record.started = json::text_or(value, "started");
  record.finished = json::text_or(value, "finished");
  record.seconds = seconds_or_zero(value, "seconds");
  for_each(value, "phases", [&](const auto& entry) {
    record.phases.push_back(
        {json::text_or(entry, "name"), seconds_or_zero(entry, "seconds"), seconds_or_zero(entry, "cpu")});
  });
  record.layers = number_or_zero(value, "layers");
  record.reused = number_or_zero(value, "layers_reused");
  record.uploaded = number_or_zero(value, "uploaded");
  record.size = number_or_zero(value, "size");
  for_each(value, "earlier", [&](const auto& entry) {
    record.earlier.push_back({number_or_zero(entry, "number"), json::text_or(entry, "image"),
                              json::text_or(entry, "record"), json::text_or(entry, "reasons"),
                              json::text_or(entry, "finished")});
  });
  return record;
}

StoredRecord read_record(registry::Client& client, const registry::Repository& repository,
                         const registry::Digest& digest) {
  const registry::Reference reference{repository, std::nullopt, digest};
  const auto fail = [&](ErrorKind kind, const char* cause) {
    throw Error(kind, {"read", "build record " + reference.text(), cause, ""});
  };
  const auto raw = client.find_manifest(reference);
  if (!raw) fail(ErrorKind::not_found, "the registry does not have it any more");
  const auto manifest = registry::parse_manifest(*raw, "build record " + reference.text());
  if (manifest.layers.size() != 1) fail(ErrorKind::protocol, "it has no log");
  auto record = parse_build_record(client.blob(repository, manifest.config, largest_record));
  if (!record) fail(ErrorKind::protocol, "it is none");
  return {*std::move(record), digest, manifest.layers[0]};
}

std::optional<StoredRecord> find_record(registry::Client& client, const registry::Repository& repository,
                                        const registry::Digest& image, base::Log& log) {
  try {
    const auto records = client.referrers(repository, image, record_type);
    const registry::Descriptor* newest = nullptr;
    for (const auto& record : records) {
      if (newest == nullptr || annotated_number(record) > annotated_number(*newest)) newest = &record;
    }
    if (newest == nullptr) return std::nullopt;
    return read_record(client, repository, newest->digest);
  } catch (const Error& error) {
    log.detail(fmt::format("no build record: {}", error.what()));
    return std::nullopt;
  }
}

std::string read_log(registry::Client& client, const registry::Repository& repository, const StoredRecord& stored) {
  return client.blob(repository, stored.log, largest_log);
}

void follow(BuildRecord& record, const std::optional<StoredRecord>& previous) {
  if (!previous) return;
  const auto& before = previous->record;
  record.number = before.number + 1;
  const auto at = before.image.rfind('@');
  record.earlier = {{before.number, at == std::string::npos ? before.image : before.image.substr(at + 1),
                     previous->digest.text(), lifecycle::names_of(before.changes), before.finished}};
  record.earlier.insert(record.earlier.end(), before.earlier.begin(), before.earlier.end());
  if (record.earlier.size() > longest_history) record.earlier.resize(longest_history);
}

void write_record(registry::Client& client, const registry::Repository& repository, const registry::RawManifest& image,
                  const BuildRecord& record, const std::string& log) {
  // The record is the configuration, too: some registries take its type for that of the artifact (image-spec 1.0).
  const auto text = json::dump(to_json(record));
  const registry::Manifest manifest{
      std::string(registry::media_type::oci_manifest),
      descriptor_of(record_type, text),
      {descriptor_of(log_type, log)},
      {{std::string(number_annotation), std::to_string(record.number)},
       {"org.opencontainers.image.created", record.finished}},
      registry::Descriptor{image.media_type, image.digest, image.bytes.size(), {}, std::nullopt, ""},
      std::string(record_type)};
  static_cast<void>(client.put_blob(repository, manifest.config, http::text_body(text)));
  static_cast<void>(client.put_blob(repository, manifest.layers[0], http::text_body(log)));
  const auto raw = registry::serialize(manifest);
  client.put_manifest({repository, std::nullopt, raw.digest}, raw);
}

}  // namespace image
