// What a check container remembers in its /tmp between checks: what was examined, and what was found. An answer can
// then be given without examining it again, and a head that moved is fetched from the one examined before.
// Memory is never trusted with more than time: what is torn, altered or of another source is dropped.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "concourse/version.hpp"
#include "json/value.hpp"
#include "source/course.hpp"

namespace source {

// Versions, oldest first, as the text of which only the few that are asked for are parsed: every ancestor of a tag may
// be one, and a check that has nothing new to say must not cost what they do.
class VersionList {
 public:
  VersionList() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): it is the same list.
  VersionList(const std::vector<concourse::Version>& versions);
  // As text() gave it.
  [[nodiscard]] static VersionList of_text(std::string text);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::vector<concourse::Version> all() const { return parsed(0); }
  [[nodiscard]] std::vector<concourse::Version> last(std::size_t count) const;
  // From a version on; nothing when it is not in the list.
  [[nodiscard]] std::optional<std::vector<concourse::Version>> from(const concourse::Version& version) const;
  // The same from the one with this "ref", whatever else it has.
  [[nodiscard]] std::optional<std::vector<concourse::Version>> from_ref(const std::string& ref) const;

  friend bool operator==(const VersionList&, const VersionList&) = default;

 private:
  [[nodiscard]] std::vector<concourse::Version> parsed(std::size_t begin) const;

  std::string text_;  // a JSON object per line
};

struct Examined {
  std::string state;         // what the repository looked like: the head's commit, or a digest of refs
  concourse::Version since;  // the version it was examined from; empty for "the newest"
  VersionList versions;      // what was found
  // How the head lies to `since`. Where it does not come from it, what was found is no beginning of what is found for a
  // later head: that may contain `since` again.
  Course course = Course::onward;

  // The versions to report for a known one: from it on, or all of them when it is the one examined from.
  [[nodiscard]] std::optional<std::vector<concourse::Version>> from(const concourse::Version& known) const;

  friend bool operator==(const Examined&, const Examined&) = default;
};

class Memory {
 public:
  // `source` holds whatever decides about versions, and no credentials: it is the key.
  Memory(const std::filesystem::path& directory, const json::Value& source, base::Log& log);

  [[nodiscard]] const std::optional<Examined>& examined() const { return examined_; }
  // Filters that the server is known to refuse.
  [[nodiscard]] const std::set<std::string>& refused_filters() const { return refused_filters_; }
  // A failure is not an error: the next check examines again.
  void remember(const Examined& examined, const std::set<std::string>& refused_filters = {});

 private:
  void load();
  void drop(std::string_view cause);

  std::string key_;
  std::filesystem::path path_;
  base::Log& log_;
  std::optional<Examined> examined_;
  std::set<std::string> refused_filters_;
};

}  // namespace source
