#include "source/memory.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"

namespace source {
namespace {

constexpr int format = 5;
constexpr std::uint64_t largest_file = 32ULL << 20U;

std::string_view name_of(Course course) {
  switch (course) {
    case Course::onward:
      return "onward";
    case Course::apart:
      return "apart";
    case Course::behind:
      return "behind";
  }
  return "";
}

Course course_of(std::string_view name) {
  if (name == name_of(Course::onward)) return Course::onward;
  return name == name_of(Course::behind) ? Course::behind : Course::apart;
}

std::string line_of(const concourse::Version& version) { return json::dump(json::Value(version)) + "\n"; }

}  // namespace

VersionList::VersionList(const std::vector<concourse::Version>& versions) {
  for (const auto& version : versions) text_ += line_of(version);
}

VersionList VersionList::of_text(std::string text) {
  VersionList list;
  list.text_ = std::move(text);
  return list;
}

std::vector<concourse::Version> VersionList::parsed(std::size_t begin) const {
  std::vector<concourse::Version> versions;
  while (begin < text_.size()) {
    const auto end = std::min(text_.find('\n', begin), text_.size());
    versions.push_back(json::parse(text_.substr(begin, end - begin), "a version").get<concourse::Version>());
    begin = end + 1;
  }
  return versions;
}

std::vector<concourse::Version> VersionList::last(std::size_t count) const {
  std::size_t begin = text_.size();
  for (; count > 0 && begin > 0; --count) {
    const auto before = begin < 2 ? std::string::npos : text_.rfind('\n', begin - 2);
    begin = before == std::string::npos ? 0 : before + 1;
  }
  return parsed(begin);
}

std::optional<std::vector<concourse::Version>> VersionList::from(const concourse::Version& version) const {
  const std::string line = line_of(version);
  // JSON has no newline within a text, so a line is found as a whole or not at all.
  const auto found = text_.starts_with(line) ? 0 : text_.find("\n" + line);
  if (found == std::string::npos) return std::nullopt;
  return parsed(found == 0 ? 0 : found + 1);
}

std::optional<std::vector<concourse::Version>> VersionList::from_ref(const std::string& ref) const {
  // Keys are sorted: "ref" is a version's last.
  const auto found = text_.find("\"ref\":" + json::dump(json::Value(ref)) + "}\n");
  if (found == std::string::npos) return std::nullopt;
  const auto newline = text_.rfind('\n', found);
  return parsed(newline == std::string::npos ? 0 : newline + 1);
}

std::optional<std::vector<concourse::Version>> Examined::from(const concourse::Version& known) const {
  return known == since ? versions.all() : versions.from(known);
}

Memory::Memory(const std::filesystem::path& directory, const json::Value& source, base::Log& log)
    : key_(base::Sha256::of(json::dump(source)).hex()), log_(log) {
  path_ = directory / fmt::format("build-service-check-{}", key_.substr(0, 16));
  load();
}

// A checksum of all that follows it, a line that says what was examined, and the versions found.
void Memory::load() {
  try {
    auto text = base::read_file_if_exists(path_, largest_file);
    if (!text) return;
    const auto end_of_checksum = text->find('\n');
    if (end_of_checksum == std::string::npos) return drop("it is cut");
    const auto content = std::string_view(*text).substr(end_of_checksum + 1);
    if (base::Sha256::of(content).hex() != std::string_view(*text).substr(0, end_of_checksum)) {
      return drop("it is damaged");
    }
    const auto end_of_header = content.find('\n');
    const auto header = json::parse(content.substr(0, end_of_header), path_.string());
    if (header.at("format") != format || header.at("source") != key_) return;
    auto state = header.at("state").get<std::string>();
    auto since = header.at("since").get<concourse::Version>();
    refused_filters_ = header.at("refused_filters").get<std::set<std::string>>();
    text->erase(0, end_of_checksum + 1 + end_of_header + 1);
    examined_ = Examined{std::move(state), std::move(since), VersionList::of_text(*std::move(text)),
                         course_of(header.at("course").get<std::string>())};
  } catch (const std::exception& error) {
    drop(error.what());
  }
}

void Memory::drop(std::string_view cause) {
  log_.debug(fmt::format("what the last check left in /tmp is not usable: {}", cause));
}

void Memory::remember(const Examined& examined, const std::set<std::string>& refused_filters) {
  if (examined_ == examined && refused_filters_ == refused_filters) return;
  examined_ = examined;
  refused_filters_ = refused_filters;
  const json::Value header{{"format", format},
                           {"source", key_},
                           {"state", examined.state},
                           {"since", examined.since},
                           {"course", name_of(examined.course)},
                           {"refused_filters", refused_filters}};
  const std::string content = json::dump(header) + "\n" + examined.versions.text();
  try {
    base::write_file(path_, fmt::format("{}\n{}", base::Sha256::of(content).hex(), content), 0600);
  } catch (const base::Error& error) {
    log_.debug(error.what());
  }
}

}  // namespace source
