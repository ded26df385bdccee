#include "builds/store.hpp"

#include <charconv>
#include <fmt/format.h>
#include <map>

#include "base/error.hpp"
#include "http/message.hpp"

namespace builds {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::string_view number_annotation = "io.build-service.build.number";
constexpr std::string_view record_annotation = "io.build-service.build.record";
constexpr std::string_view log_annotation = "io.build-service.build.log";
constexpr std::string_view log_type = "text/plain";
constexpr std::string_view empty_json = "{}";
constexpr std::size_t longest_history = 99;
constexpr std::uint64_t largest_record = 4ULL << 20U;
// What lists hold of each record, and manifests of 4 MiB at most. A rebase's log has some hundred bytes.
constexpr std::size_t largest_annotation = 64UL << 10U;
constexpr std::size_t longest_short_log = 4096;
constexpr std::uint64_t largest_log = 16ULL << 20U;

using Annotations = std::map<std::string, std::string>;

std::optional<std::string> annotation(const Annotations& annotations, std::string_view name) {
  const auto found = annotations.find(std::string(name));
  return found == annotations.end() ? std::nullopt : std::optional(found->second);
}

std::optional<StoredRecord> annotated_record(const Annotations& annotations, const registry::Digest& digest) {
  const auto text = annotation(annotations, record_annotation);
  auto record = text ? parse_build_record(*text) : std::nullopt;
  if (!record) return std::nullopt;
  return StoredRecord{*std::move(record), digest, std::nullopt, annotation(annotations, log_annotation)};
}

Annotations annotations_of(const BuildRecord& record) {
  return {{std::string(number_annotation), std::to_string(record.number)},
          {"org.opencontainers.image.created", record.finished}};
}

registry::Descriptor subject_of(const registry::RawManifest& image) {
  return {image.media_type, image.digest, image.bytes.size(), {}, std::nullopt, ""};
}

std::uint64_t annotated_number(const registry::Descriptor& descriptor) {
  const auto found = descriptor.annotations.find(std::string(number_annotation));
  std::uint64_t number = 0;
  if (found != descriptor.annotations.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), number);
  }
  return number;
}

registry::Descriptor descriptor_of(std::string_view media_type, const std::string& text) {
  return {std::string(media_type), base::Sha256::of(text), text.size(), {}, std::nullopt, ""};
}

}  // namespace

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
  const auto& layer = manifest.layers.front();
  const auto log = layer.media_type == log_type ? std::optional(layer) : std::nullopt;
  if (auto stored = annotated_record(manifest.annotations, digest)) {
    stored->log = log;
    return *std::move(stored);
  }
  auto record = parse_build_record(client.blob(repository, manifest.config, largest_record));
  if (!record) fail(ErrorKind::protocol, "it is not a build record");
  return {*std::move(record), digest, log};
}

std::optional<StoredRecord> find_record(registry::Client& client, const registry::Repository& repository,
                                        const registry::Digest& image) {
  const auto records = client.referrers(repository, image, record_type);
  const registry::Descriptor* newest = nullptr;
  for (const auto& record : records) {
    if (newest == nullptr || annotated_number(record) > annotated_number(*newest)) newest = &record;
  }
  if (newest == nullptr) return std::nullopt;
  if (auto stored = annotated_record(newest->annotations, newest->digest)) return stored;
  return read_record(client, repository, newest->digest);
}

RecordLookup look_for_record(registry::Client& client, const registry::Repository& repository,
                             const registry::Digest& image) {
  try {
    return {find_record(client, repository, image), ""};
  } catch (const Error& error) {
    return {std::nullopt, error.what()};
  }
}

std::optional<std::string> read_log(registry::Client& client, const registry::Repository& repository,
                                    const StoredRecord& stored) {
  if (stored.short_log) return stored.short_log;
  const auto log = stored.log ? stored.log : read_record(client, repository, stored.digest).log;
  return log ? std::optional(client.blob(repository, *log, largest_log)) : std::nullopt;
}

void follow(BuildRecord& record, const std::optional<StoredRecord>& previous) {
  if (!previous) return;
  const auto& before = previous->record;
  record.number = before.number + 1;
  record.earlier = {
      {before.number, digest_in(before.image), previous->digest.text(), names_of(before.changes), before.finished}};
  record.earlier.insert(record.earlier.end(), before.earlier.begin(), before.earlier.end());
  if (record.earlier.size() > longest_history) record.earlier.resize(longest_history);
}

registry::Descriptor empty_blob() { return descriptor_of(registry::media_type::empty_json, std::string(empty_json)); }

registry::RawManifest record_manifest(const registry::RawManifest& image, const BuildRecord& record,
                                      const std::optional<std::string>& short_log) {
  auto annotations = annotations_of(record);
  annotations.emplace(record_annotation, json::dump(to_json(record)));
  if (short_log) annotations.emplace(log_annotation, *short_log);
  return registry::serialize({std::string(registry::media_type::oci_manifest),
                              empty_blob(),
                              {empty_blob()},
                              std::move(annotations),
                              subject_of(image),
                              std::string(record_type)});
}

namespace {

// Sends the blobs of a record with a long log, or with more to tell than an annotation should hold.
registry::RawManifest send_long_record(registry::Client& client, const registry::Repository& repository,
                                       const registry::RawManifest& image, const BuildRecord& record,
                                       const std::string& log) {
  // The record is the configuration, too: some registries take its type for that of the artifact (image-spec 1.0).
  const auto text = json::dump(to_json(record));
  auto annotations = annotations_of(record);
  if (text.size() <= largest_annotation) annotations.emplace(record_annotation, text);
  const registry::Manifest manifest{std::string(registry::media_type::oci_manifest),
                                    descriptor_of(record_type, text),
                                    {descriptor_of(log_type, log)},
                                    std::move(annotations),
                                    subject_of(image),
                                    std::string(record_type)};
  client.put_new_blob(repository, manifest.config, http::text_body(text));
  client.put_new_blob(repository, manifest.layers[0], http::text_body(log));
  return registry::serialize(manifest);
}

}  // namespace

registry::RawManifest write_record(registry::Client& client, const registry::Repository& repository,
                                   const registry::RawManifest& image, const BuildRecord& record,
                                   const std::optional<std::string>& log) {
  const bool is_short =
      (!log || log->size() <= longest_short_log) && json::dump(to_json(record)).size() <= largest_annotation;
  auto raw = is_short ? record_manifest(image, record, log)
                      : send_long_record(client, repository, image, record, log.value_or(""));
  const registry::Reference reference{repository, std::nullopt, raw.digest};
  try {
    client.put_manifest(reference, raw);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol && error.kind() != ErrorKind::not_found) throw;
    // It wants the subject first, or has lost the empty object.
    client.put_manifest({repository, std::nullopt, image.digest}, image);
    static_cast<void>(client.put_blob(repository, empty_blob(), http::text_body(std::string(empty_json))));
    client.put_manifest(reference, raw);
  }
  return raw;
}

void try_to_write_record(registry::Client& client, const registry::Repository& repository,
                         const registry::RawManifest& image, const BuildRecord& record,
                         const std::optional<std::string>& text, base::Log& log) {
  try {
    static_cast<void>(write_record(client, repository, image, record, text));
    log.info(fmt::format("recorded as image build #{}", record.number));
  } catch (const Error& error) {
    log.warning(fmt::format("the build record is not saved: {}", error.what()));
  }
}

}  // namespace builds
