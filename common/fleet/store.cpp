#include "fleet/store.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "http/message.hpp"

namespace fleet {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::string_view run_image_annotation = "io.build-service.fleet.run-image";
constexpr std::string_view earlier_annotation = "io.build-service.fleet.earlier";
constexpr std::uint64_t largest_record = 256ULL << 20U;
// In the annotation; the record itself knows more.
constexpr std::size_t most_listed = 32;

std::string name_of(const registry::Reference& reference) { return "fleet's record " + reference.text(); }

[[noreturn]] void refuse(const registry::Reference& reference, std::string cause) {
  throw Error(ErrorKind::protocol, {"read", name_of(reference), std::move(cause),
                                    "set source.fleet.record to a tag that nothing else is kept under"});
}

std::string annotation(const registry::Manifest& manifest, std::string_view name) {
  const auto found = manifest.annotations.find(std::string(name));
  return found == manifest.annotations.end() ? "" : base::printable(found->second, 65536);
}

registry::Manifest parse(const registry::RawManifest& raw, const registry::Reference& reference) {
  if (raw.is_index()) refuse(reference, "it is an index, not the record of a fleet");
  auto manifest = registry::parse_manifest(raw, name_of(reference));
  if (manifest.config.media_type != fleet_type) refuse(reference, "it is an image, not the record of a fleet");
  return manifest;
}

StoredFleet read(registry::Client& client, const registry::Reference& record, const registry::RawManifest& raw) {
  const auto reference = record.with(raw.digest);
  const auto manifest = parse(raw, reference);
  auto document =
      parse_fleet_record(client.blob(record.repository, manifest.config, largest_record), name_of(reference));
  if (document.record != record.text()) {
    refuse(reference, fmt::format("it is the record of the fleet {}", document.record));
  }
  return {std::move(document), raw.digest};
}

registry::Descriptor descriptor_of(std::string_view media_type, const std::string& text) {
  return {std::string(media_type), base::Sha256::of(text), text.size(), {}, std::nullopt, ""};
}

}  // namespace

std::vector<Known> list_records(registry::Client& client, const registry::Reference& record) {
  const auto raw = client.find_manifest(record);
  if (!raw) return {};
  const auto manifest = parse(*raw, record);
  std::vector<Known> result{{raw->digest, annotation(manifest, run_image_annotation)}};
  if (result.front().run_image.empty()) refuse(record, "it names no run image");
  const auto listed = annotation(manifest, earlier_annotation);
  const auto earlier = json::parse(listed.empty() ? "[]" : listed, name_of(record));
  if (!earlier.is_array() || earlier.size() > most_listed) refuse(record, "its list of earlier puts is not one");
  for (const auto& entry : earlier) {
    const auto fleet = registry::Digest::parse(json::text_or(entry, "fleet"));
    const auto run_image = json::text_or(entry, "run_image");
    if (!fleet || run_image.empty()) refuse(record, "its list of earlier puts is not one");
    result.push_back({*fleet, run_image});
  }
  return result;
}

std::optional<StoredFleet> find_fleet(registry::Client& client, const registry::Reference& record) {
  const auto raw = client.find_manifest(record);
  if (!raw) return std::nullopt;
  return read(client, record, *raw);
}

StoredFleet read_fleet(registry::Client& client, const registry::Reference& record, const registry::Digest& fleet) {
  const auto raw = client.find_manifest(record.with(fleet));
  if (!raw) {
    throw Error(ErrorKind::not_found,
                {"read", name_of(record.with(fleet)), "the registry does not have it any more",
                 "let its clean-up keep what the tag " + record.tag.value_or("") + " named before"});
  }
  return read(client, record, *raw);
}

void require_writable(registry::Client& client, const registry::Reference& record) {
  try {
    client.require_write_access(record.repository);
  } catch (const Error& error) {
    const auto& report = error.report();
    throw Error(error.kind(), {"write", name_of(record), report.cause + ": nothing was moved", report.remedy})
        .answered(error.status(), error.code());
  }
}

registry::Digest write_fleet(registry::Client& client, const registry::Reference& reference, const FleetRecord& record,
                             RecordTag tag) {
  const auto text = json::dump(to_json(record));
  const auto config = descriptor_of(fleet_type, text);
  json::Value earlier = json::Value::array();
  for (const auto& put : record.earlier) {
    if (earlier.size() < most_listed) earlier.push_back({{"fleet", put.fleet}, {"run_image", put.run_image}});
  }
  // A manifest needs a layer, and some registries take the configuration's type for that of the artifact: the record
  // stands in both places.
  const auto raw = registry::serialize({std::string(registry::media_type::oci_manifest),
                                        config,
                                        {config},
                                        {{std::string(run_image_annotation), record.run_image},
                                         {std::string(earlier_annotation), json::dump(earlier)},
                                         {"org.opencontainers.image.created", record.finished}},
                                        std::nullopt,
                                        std::string(fleet_type)});
  static_cast<void>(client.put_blob(reference.repository, config, http::text_body(text)));
  client.put_manifest(tag == RecordTag::moved ? reference : reference.with(raw.digest), raw);
  return raw.digest;
}

}  // namespace fleet
