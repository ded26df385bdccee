// What a check container remembers in its /tmp between checks: what was examined, and what was found. An answer can
// then be given without examining it again, and a head that moved is fetched from the one examined before.
// Memory is never trusted with more than time: what is torn, altered or of another source is dropped.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "concourse/version.hpp"
#include "json/value.hpp"

namespace source {

struct Examined {
  std::string state;                         // what the repository looked like: the head's commit, or a digest of refs
  concourse::Version since;                  // the version it was examined from; empty for "the newest"
  std::vector<concourse::Version> versions;  // what was found, oldest first

  // The versions to report for a known one: from it on, or all of them when it is the one examined from.
  [[nodiscard]] std::optional<std::vector<concourse::Version>> from(const concourse::Version& known) const;

  friend bool operator==(const Examined&, const Examined&) = default;
};

class Memory {
 public:
  // `source` holds whatever decides about versions, and no credentials: it is the key.
  Memory(const std::filesystem::path& directory, const json::Value& source, base::Log& log);

  [[nodiscard]] const std::optional<Examined>& examined() const { return examined_; }
  // A failure is no error: the next check examines again.
  void remember(const Examined& examined);

 private:
  void load();

  std::string key_;
  std::filesystem::path path_;
  base::Log& log_;
  std::optional<Examined> examined_;
};

}  // namespace source
