#include "source/memory.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"

namespace source {
namespace {

constexpr int format = 1;
constexpr std::size_t most_versions = 100'000;
constexpr std::uint64_t largest_file = 32ULL << 20U;

json::Value to_json(const Examined& examined, const std::string& key) {
  return {{"format", format},
          {"source", key},
          {"state", examined.state},
          {"since", examined.since},
          {"versions", examined.versions}};
}

}  // namespace

std::optional<std::vector<concourse::Version>> Examined::from(const concourse::Version& known) const {
  if (known == since) return versions;
  const auto found = std::find(versions.begin(), versions.end(), known);
  if (found == versions.end()) return std::nullopt;
  return std::vector(found, versions.end());
}

Memory::Memory(const std::filesystem::path& directory, const json::Value& source, base::Log& log)
    : key_(base::Sha256::of(json::dump(source)).hex()), log_(log) {
  path_ = directory / fmt::format("build-service-check-{}.json", key_.substr(0, 16));
  load();
}

void Memory::load() {
  try {
    const auto text = base::read_file_if_exists(path_, largest_file);
    if (!text) return;
    const auto value = json::parse(*text, path_.string());
    const auto& content = value.at("examined");
    if (base::Sha256::of(json::dump(content)).hex() != value.at("checksum").get<std::string>()) {
      return log_.debug("what the last check left in /tmp is damaged: examining again");
    }
    if (content.at("format") != format || content.at("source") != key_) return;
    examined_ = Examined{content.at("state").get<std::string>(), content.at("since").get<concourse::Version>(),
                         content.at("versions").get<std::vector<concourse::Version>>()};
  } catch (const std::exception& error) {
    log_.debug(fmt::format("what the last check left in /tmp is not usable: {}", error.what()));
  }
}

void Memory::remember(const Examined& examined) {
  if (examined_ == examined) return;
  examined_ = examined;
  if (examined.versions.size() > most_versions) return;
  const auto content = to_json(examined, key_);
  const json::Value value{{"checksum", std::string(base::Sha256::of(json::dump(content)).hex())},
                          {"examined", content}};
  try {
    base::write_file(path_, json::dump(value), 0600);
  } catch (const base::Error& error) {
    log_.debug(error.what());
  }
}

}  // namespace source
