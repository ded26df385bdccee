#include "registry/listing.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "base/error.hpp"
#include "registry/link.hpp"
#include "registry/pull.hpp"
#include "registry/push.hpp"
#include "registry/refusal.hpp"

namespace registry {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t page_size = 1000;  // what registries allow at most
constexpr std::size_t most_pages = 2000;
constexpr std::size_t most_tags = 1'000'000;

Error bad_answer(const std::string& object, std::string cause) {
  return {ErrorKind::protocol, {"list", object, std::move(cause), ""}};
}

// Calls `take` with each page's response; false ends the listing.
template <class Take>
void each_page(Session& session, http::Url url, const Repository& repository, const std::string& object, Take&& take) {
  std::set<std::string> seen;
  while (seen.insert(url.text()).second) {
    if (seen.size() > most_pages) throw bad_answer(object, fmt::format("it has more than {} pages", most_pages));
    http::Request request;
    request.url = url;
    const http::Response response = session.send(request, {pull_scope(repository)});
    if (!take(response)) return;
    const auto next = next_link(response.headers, object);
    if (!next) return;
    const http::Url target = session.follow(url, *next);
    if (target.origin != url.origin) throw bad_answer(object, "its next page is on another host");
    url = target;
  }
}

Reference referrers_tag(const Repository& repository, const Digest& subject) {
  return {repository, fmt::format("sha256-{}", subject.hex()), std::nullopt};
}

std::vector<Descriptor> only(std::vector<Descriptor> descriptors, std::string_view artifact_type) {
  if (artifact_type.empty()) return descriptors;
  std::erase_if(descriptors, [&](const Descriptor& entry) { return entry.artifact_type != artifact_type; });
  return descriptors;
}

std::vector<Descriptor> tagged_referrers(Session& session, const Repository& repository, const Digest& subject) {
  const auto index = find_manifest(session, referrers_tag(repository, subject));
  if (!index || !index->is_index()) return {};
  return parse_index(*index, "the referrers of " + repository.text()).entries;
}

// A registry takes no index of more than 4 MiB. Annotations are a copy of what stands in the manifests themselves: the
// oldest entries go without.
void shorten(json::Value& index) {
  constexpr std::size_t largest = 1UL << 20U;
  for (auto& entry : index["manifests"]) {
    if (json::dump(index).size() <= largest) return;
    if (entry.is_object()) entry.erase("annotations");
  }
}

}  // namespace

std::vector<std::string> tags(Session& session, const Repository& repository) {
  const std::string object = "the tags of " + repository.text();
  std::vector<std::string> result;
  std::set<std::string> known;
  auto first = session.url(fmt::format("{}/tags/list", repository.path));
  first.query = fmt::format("n={}", page_size);
  each_page(session, first, repository, object, [&](const http::Response& response) {
    if (response.status == 404) return false;
    if (!response.ok()) throw session.refusal("list", object, response);
    const json::Value value = json::parse(response.body, object);
    const auto* names = json::find(value, "tags");
    if (names == nullptr || names->is_null()) return true;  // an empty repository
    if (!names->is_array()) throw bad_answer(object, "tags is not a list");
    for (const auto& name : *names) {
      // What is not a tag cannot be asked for: a hostile one would only forge paths.
      if (!name.is_string() || !is_tag(name.get_ref<const std::string&>())) continue;
      if (known.insert(name.get<std::string>()).second) result.push_back(name.get<std::string>());
    }
    if (result.size() > most_tags) throw bad_answer(object, fmt::format("it has more than {} tags", most_tags));
    return true;
  });
  return result;
}

std::vector<Descriptor> referrers(Session& session, const Repository& repository, const Digest& subject,
                                  std::string_view artifact_type) {
  const std::string object = fmt::format("the referrers of {}@{}", repository.text(), subject.text());
  if (!session.lists_referrers()) return only(tagged_referrers(session, repository, subject), artifact_type);
  std::vector<Descriptor> result;
  bool supported = true;
  auto first = session.url(fmt::format("{}/referrers/{}", repository.path, subject.text()));
  if (!artifact_type.empty()) first.query = "artifactType=" + http::percent_encode(artifact_type);
  each_page(session, first, repository, object, [&](const http::Response& response) {
    // 404 is what the specification has for it; older registries also answer with other refusals of the path.
    supported = response.status != 404 && response.status != 400 && response.status != 405 && response.status != 501;
    // An unknown repository says nothing of the registry (distribution-spec, "Error Codes").
    if (!supported && parse_refusal(response.body).code != "NAME_UNKNOWN") session.note_no_referrers();
    if (!supported) return false;
    if (!response.ok()) throw session.refusal("list", object, response);
    const auto page = parse_raw(std::string(media_type::oci_index), response.body, object);
    for (auto& entry : parse_index(page, object).entries) result.push_back(std::move(entry));
    return true;
  });
  if (!supported) result = tagged_referrers(session, repository, subject);
  return only(std::move(result), artifact_type);
}

void add_to_referrers_tag(Session& session, const Repository& repository, const RawManifest& manifest) {
  const std::string object = "the referrers of " + repository.text();
  const Manifest parsed = parse_manifest(manifest, object);
  if (!parsed.subject) return;
  const Reference tag = referrers_tag(repository, parsed.subject->digest);
  json::Value index = {{"schemaVersion", 2}, {"mediaType", media_type::oci_index}, {"manifests", json::Value::array()}};
  if (const auto existing = find_manifest(session, tag); existing && existing->is_index()) index = existing->value;
  for (const auto& entry : index["manifests"]) {
    if (json::text_or(entry, "digest") == manifest.digest.text()) return;
  }
  // The type of an artifact without one is that of its configuration (image-spec, manifest.md).
  json::Value entry = {
      {"mediaType", manifest.media_type},
      {"digest", manifest.digest.text()},
      {"size", manifest.bytes.size()},
      {"artifactType", parsed.artifact_type.empty() ? parsed.config.media_type : parsed.artifact_type}};
  if (!parsed.annotations.empty()) entry["annotations"] = parsed.annotations;
  index["manifests"].push_back(std::move(entry));
  shorten(index);
  put_manifest(session, tag, parse_raw(std::string(media_type::oci_index), json::dump(index), object));
}

}  // namespace registry
