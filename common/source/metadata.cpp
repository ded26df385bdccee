#include "source/metadata.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/file.hpp"
#include "git/date_format.hpp"

namespace source {
namespace {

constexpr std::size_t longest_message = 10240;

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

std::string iso(const git::Signature& signature) {
  return git::format_date(signature.time, signature.offset, "iso8601", "", {});
}

// Cut between characters, so that the page gets valid text.
std::string cut(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  text.resize(limit);
  return text;
}

std::string value_of(const concourse::Metadata& metadata, std::string_view name) {
  const auto found =
      std::find_if(metadata.begin(), metadata.end(), [&](const auto& entry) { return entry.first == name; });
  return found == metadata.end() ? "" : found->second;
}

}  // namespace

concourse::Metadata metadata_of(const Description& description) {
  const auto& commit = description.commit;
  concourse::Metadata metadata{{"commit", commit.id.text()},
                               {"author", commit.author.name},
                               {"author_date", iso(commit.author)},
                               {"committer", commit.committer.name},
                               {"committer_date", iso(commit.committer)}};
  if (!description.branches.empty()) metadata.emplace_back("branch", joined(description.branches));
  if (!description.tags.empty()) metadata.emplace_back("tags", joined(description.tags));
  metadata.emplace_back("message", cut(commit.message, longest_message));
  if (auto page = git::commit_page(description.origin, commit.id, description.host)) {
    metadata.emplace_back("url", *std::move(page));
  }
  if (auto page =
          git::author_page(description.origin, commit.id, commit.author.name, commit.author.email, description.host)) {
    metadata.emplace_back("author_url", *std::move(page));
  }
  return metadata;
}

void write_files(const git::WorkingCopy& copy, const Description& description, const concourse::Metadata& metadata,
                 const InParams& params, base::WallTime now) {
  const auto write = [&](const char* name, const std::string& content) {
    base::write_file(copy.git_directory() / name, content);
  };
  write("ref", description.ref + "\n");
  write("short_ref", format_short_ref(params.short_ref_format, description.ref.substr(0, 7)));
  // With a newline where the git resource writes one: scripts that compare may count on either.
  for (const char* name :
       {"commit", "author", "author_date", "committer_date", "branch", "tags", "url", "author_url"}) {
    const std::string value = value_of(metadata, name);
    write(name, value.empty() ? "" : value + "\n");
  }
  // The git resource's "committer" is the author's address, whom one writes to when a build fails.
  write("committer", description.commit.author.email);
  write("committer_name", description.commit.author.name);
  write("commit_message", description.commit.message);
  write("commit_timestamp", git::format_date(description.commit.committer.time, description.commit.committer.offset,
                                             params.timestamp_format, "params.timestamp_format", now) +
                                "\n");
  write("describe_ref", description.described + "\n");
  json::Value list = json::Value::array();
  for (const auto& [name, value] : metadata) {
    json::Value entry{{"name", name}, {"value", value}};
    if (name.ends_with("_date")) entry["type"] = "time";
    if (name == "message") entry["type"] = "message";
    list.push_back(std::move(entry));
  }
  write("metadata.json", list.dump(2, ' ', false, json::Value::error_handler_t::replace) + "\n");
}

}  // namespace source
