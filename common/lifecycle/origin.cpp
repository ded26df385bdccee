#include "lifecycle/origin.hpp"

#include <algorithm>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "git/location.hpp"
#include "git/object_store.hpp"

namespace lifecycle {
namespace {

namespace fs = std::filesystem;
using base::Error;

constexpr std::uint64_t largest_note = 4096;
constexpr std::uint64_t largest_config = 1ULL << 20U;
constexpr std::size_t longest_subject = 120;

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first));
}

bool is_commit(const std::string& text) {
  return (text.size() == 40 || text.size() == 64) && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool is_own_directory(const fs::path& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// A file of the source: no link is followed, and one that is too large does not count.
std::string note(const fs::path& file, std::uint64_t limit = largest_note) {
  struct stat status {};
  if (lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  if (static_cast<std::uint64_t>(status.st_size) > limit) return "";
  return trimmed(base::read_file_if_exists(file, limit).value_or(""));
}

// remote.origin.url in .git/config, as far as git itself writes it.
std::string origin_address(std::string_view config) {
  bool in_origin = false;
  while (!config.empty()) {
    const auto end = std::min(config.find('\n'), config.size());
    const auto line = trimmed(config.substr(0, end));
    config.remove_prefix(std::min(end + 1, config.size()));
    if (line.starts_with('[')) in_origin = line == "[remote \"origin\"]";
    const auto equals = line.find('=');
    if (!in_origin || equals == std::string::npos || trimmed(line.substr(0, equals)) != "url") continue;
    try {
      return git::Location::parse(trimmed(line.substr(equals + 1)), "remote.origin.url").text();
    } catch (const Error&) {
      return "";  // what is not an address is not shown: it may hold anything
    }
  }
  return "";
}

std::string first_line(const std::string& text) {
  return base::printable(trimmed(std::string_view(text).substr(0, text.find('\n'))), longest_subject);
}

// The address of a page; nothing for what may hold credentials.
std::string page_in(const fs::path& file) {
  auto page = note(file);
  return page.starts_with("https://") && page.find_first_of(" \n@") == std::string::npos ? page : "";
}

// The get of a source writes the message down; a checkout by other means has the commit.
std::string subject_of(const fs::path& git, const std::string& commit) {
  auto subject = first_line(note(git / "commit_message", largest_config));
  if (!subject.empty() || !is_own_directory(git / "objects/pack")) return subject;
  try {
    const auto id = git::ObjectId::parse(commit);
    const auto found = id ? git::ObjectStore(git / "objects").find_commit(*id) : std::nullopt;
    if (found) subject = first_line(found->message);
  } catch (const Error&) {
    return "";
  }
  return subject;
}

builds::Origin read_origin(const fs::path& git) {
  builds::Origin origin;
  for (const auto* name : {"commit", "ref", "HEAD"}) {
    const auto text = note(git / name);
    if (is_commit(text) && origin.commit.empty()) origin.commit = text;
  }
  origin.page = page_in(git / "url");
  // The get of a source writes them down.
  origin.author = first_line(note(git / "author"));
  origin.author_page = page_in(git / "author_url");
  origin.repository = origin_address(note(git / "config", largest_config));
  if (!origin.commit.empty()) origin.subject = subject_of(git, origin.commit);
  return origin;
}

}  // namespace

builds::Origin find_origin(const fs::path& directory, const fs::path& top) {
  for (auto path = directory;; path = path.parent_path()) {
    if (is_own_directory(path / ".git")) return read_origin(path / ".git");
    if (path == top || path == path.parent_path()) return {};
  }
}

}  // namespace lifecycle
