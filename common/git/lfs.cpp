#include "git/lfs.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/file_descriptor.hpp"
#include "base/number.hpp"
#include "base/rfc3339.hpp"
#include "git/checkout.hpp"
#include "git/config_text.hpp"
#include "json/value.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

// As git-lfs writes it now, and as it did before it had that name (pointer.go).
constexpr std::array<std::string_view, 3> first_lines{"version https://git-lfs.github.com/spec/v1\n",
                                                      "version https://hawser.github.com/spec/v1\n",
                                                      "version http://git-media.io/v/2\n"};
constexpr std::size_t smallest_lfs_pointer = 100;  // the digest alone takes 64

IndexHandle index_of(git_repository* repository) {
  IndexHandle index;
  require(made(index, [&](git_index** out) { return git_repository_index(out, repository); }), "read", "the index");
  return index;
}

bool belongs_to_lfs(const Attributes& attributes, std::string_view path) {
  const auto values = attributes.of(path);
  const auto filter = values.find("filter");
  return filter != values.end() && filter->second.is("lfs");
}

// What .lfsconfig sets. Only a regular file counts: a link could lead anywhere.
std::map<std::string, std::string, std::less<>> committed_settings(git_repository* repository) {
  const auto index = index_of(repository);
  const git_index_entry* entry = git_index_get_bypath(index.get(), ".lfsconfig", 0);
  if (entry == nullptr || (entry->mode != 0100644 && entry->mode != 0100755)) return {};
  Handle<git_blob, git_blob_free> blob;
  require(made(blob, [&](git_blob** out) { return git_blob_lookup(out, repository, &entry->id); }), "read",
          ".lfsconfig");
  const std::string text(static_cast<const char*>(git_blob_rawcontent(blob.get())),
                         static_cast<std::size_t>(git_blob_rawsize(blob.get())));
  std::map<std::string, std::string, std::less<>> settings;
  for (auto& [name, value] : read_config_text(text, ".lfsconfig of the repository")) {
    settings.insert_or_assign(std::move(name), std::move(value));
  }
  return settings;
}

// "a, b/*" as two patterns.
std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    auto item = text.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) result.emplace_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return result;
}

std::string_view field_of(std::string_view text, std::string_view name) {
  const auto begin = text.find(name);
  if (begin == std::string_view::npos || (begin != 0 && text[begin - 1] != '\n')) return {};
  text.remove_prefix(begin + name.size());
  return text.substr(0, text.find('\n'));
}

void copy_content(const std::filesystem::path& from, const std::filesystem::path& to) {
  const base::FileDescriptor source(open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source) throw base::system_error("read", from.string(), errno);
  // The checkout has just written the pointer there, as a file of its own.
  const base::FileDescriptor target(open(to.c_str(), O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC));
  if (!target) throw base::system_error("write", to.string(), errno);
  while (true) {
    const ssize_t count = sendfile(target.get(), source.get(), nullptr, 1UL << 30U);
    if (count < 0 && errno != EINTR) throw base::system_error("write", to.string(), errno);
    if (count == 0) break;
  }
  // A file as young as the index is compared by its content (git's "racily clean"), which is not the pointer's.
  const std::time_t earlier = std::time(nullptr) - 10;
  const std::array<struct timespec, 2> times{{{earlier, 0}, {earlier, 0}}};
  if (futimens(target.get(), times.data()) != 0) throw base::system_error("write", to.string(), errno);
}

// git compares what the index says of a file with the file: with the content's own size and times it is unchanged.
void refresh(git_index* index, const std::string& path, const std::filesystem::path& file) {
  struct stat status {};
  if (lstat(file.c_str(), &status) != 0) throw base::system_error("read", file.string(), errno);
  const git_index_entry* old = git_index_get_bypath(index, path.c_str(), 0);
  if (old == nullptr) return;
  git_index_entry entry = *old;
  note_file(entry, status);
  require(git_index_add(index, &entry), "write", "the index");
}

[[noreturn]] void broken(std::string cause) {
  throw Error(ErrorKind::protocol, {"read", "the answer of the LFS server", std::move(cause), ""});
}

[[noreturn]] void refused(const LfsFile& file, const json::Value& error, const FieldNames& fields) {
  const auto* code = json::find(error, "code");
  const int status = code != nullptr && code->is_number_integer() ? code->get<int>() : 0;
  const auto kind = status == 404 || status == 410   ? ErrorKind::not_found
                    : status == 401 || status == 403 ? ErrorKind::denied
                                                     : ErrorKind::protocol;
  throw Error(kind,
              {"fetch", file.shown(), fmt::format("the server says {} {}", status, json::text_or(error, "message")),
               fmt::format("set {} to do without", fields.disable_git_lfs)});
}

// A duration is surer than a time of another machine's clock, and has precedence (git-lfs, docs/api/batch.md). Links
// that are said to have expired when they came are tried: one of the clocks is wrong.
std::optional<base::WallTime> read_expiry(const json::Value& download, base::WallTime now) {
  constexpr std::int64_t longest = 10LL * 365 * 24 * 3600;
  const auto* seconds = json::find(download, "expires_in");
  if (seconds != nullptr && seconds->is_number_integer()) {
    const auto given = seconds->get<std::int64_t>();
    if (given > 0) return now + std::chrono::seconds(std::min(given, longest));
    if (given < 0) return std::nullopt;
  }
  const auto time = base::parse_rfc3339(json::text_or(download, "expires_at"));
  return time && *time > now ? time : std::nullopt;
}

LfsDownload read_download(const json::Value& object, const LfsFile& file, base::WallTime now,
                          const FieldNames& fields) {
  if (const auto* error = json::find(object, "error"); error != nullptr && !error->is_null()) {
    refused(file, *error, fields);
  }
  const auto* actions = json::find(object, "actions");
  const auto* download = actions == nullptr ? nullptr : json::find(*actions, "download");
  if (download == nullptr) broken("an object has no download");
  return {file, json::text_or(*download, "href"), read_lfs_headers(*download, "the answer of the LFS server"),
          read_expiry(*download, now)};
}

}  // namespace

std::optional<LfsPointer> parse_lfs_pointer(std::string_view given) {
  if (given.size() > largest_lfs_pointer) return std::nullopt;
  // git-lfs reads line by line, whatever ends them.
  std::string lines(given);
  std::erase(lines, '\r');
  const std::string_view text = lines;
  if (std::none_of(first_lines.begin(), first_lines.end(), [&](auto line) { return text.starts_with(line); })) {
    return std::nullopt;
  }
  const auto digest = base::Digest::parse(field_of(text, "oid "));
  const auto size = base::parse_whole<std::uint64_t>(field_of(text, "size "));
  if (!digest || !size) return std::nullopt;
  return LfsPointer{*digest, *size};
}

std::string LfsFile::shown() const { return fmt::format("LFS object {} ({})", pointer.digest.hex(), path); }

bool LfsSettings::fetches(std::string_view path) const {
  return (include.empty() || include.chooses(path)) && (exclude.empty() || !exclude.chooses(path));
}

LfsSettings lfs_settings(const WorkingCopy& copy) {
  const auto repository = copy.open();
  Handle<git_config, git_config_free> config;
  require(made(config, [&](git_config** out) { return git_repository_config_snapshot(out, repository.get()); }), "read",
          "the checkout's configuration");
  const auto committed = committed_settings(repository.get());
  const auto setting = [&](std::initializer_list<const char*> names) -> std::optional<std::string> {
    for (const char* name : names) {
      const char* configured = nullptr;
      if (git_config_get_string(&configured, config.get(), name) == 0) return configured;
      if (const auto found = committed.find(name); found != committed.end()) return found->second;
    }
    return std::nullopt;
  };
  return {setting({"lfs.url", "remote.origin.lfsurl"}),
          SparsePatterns(split_list(setting({"lfs.fetchinclude"}).value_or(""))),
          SparsePatterns(split_list(setting({"lfs.fetchexclude"}).value_or("")))};
}

std::vector<LfsFile> lfs_files(const WorkingCopy& copy) {
  const auto repository = copy.open();
  const auto index = index_of(repository.get());
  std::vector<LfsFile> files;
  if (copy.attributes().empty()) return files;
  for (std::size_t i = 0; i < git_index_entrycount(index.get()); ++i) {
    const git_index_entry* entry = git_index_get_byindex(index.get(), i);
    const bool is_file = entry->mode == 0100644 || entry->mode == 0100755;
    const bool is_left_out = (entry->flags_extended & GIT_INDEX_ENTRY_SKIP_WORKTREE) != 0;
    // The index knows the size of what was just written.
    if (!is_file || is_left_out || entry->file_size > largest_lfs_pointer || entry->file_size < smallest_lfs_pointer ||
        !belongs_to_lfs(copy.attributes(), entry->path)) {
      continue;
    }
    Handle<git_blob, git_blob_free> blob;
    require(made(blob, [&](git_blob** out) { return git_blob_lookup(out, repository.get(), &entry->id); }), "read",
            entry->path);
    const std::string_view text(static_cast<const char*>(git_blob_rawcontent(blob.get())),
                                static_cast<std::size_t>(git_blob_rawsize(blob.get())));
    if (auto pointer = parse_lfs_pointer(text)) files.push_back({entry->path, *std::move(pointer)});
  }
  return files;
}

void replace_lfs_pointers(const WorkingCopy& copy, const std::vector<LfsContent>& contents) {
  const auto repository = copy.open();
  const auto index = index_of(repository.get());
  for (const auto& [file, content] : contents) {
    const auto target = copy.directory() / file.path;
    copy_content(content, target);
    refresh(index.get(), file.path, target);
  }
  require(git_index_write(index.get()), "write", "the index");
}

std::vector<std::pair<std::string, std::string>> read_lfs_headers(const json::Value& value, const std::string& object) {
  std::vector<std::pair<std::string, std::string>> result;
  const auto* headers = json::find(value, "header");
  if (headers == nullptr || !headers->is_object()) return result;
  for (const auto& [name, text] : headers->items()) {
    if (!text.is_string() || (name + text.get<std::string>()).find_first_of("\r\n") != std::string::npos) {
      throw Error(ErrorKind::protocol, {"read", object, "a header that it asks for is not valid", ""});
    }
    result.emplace_back(name, text.get<std::string>());
  }
  return result;
}

std::string lfs_batch_request(const std::vector<LfsFile>& files) {
  json::Value objects = json::Value::array();
  for (const auto& file : files) {
    objects.push_back({{"oid", std::string(file.pointer.digest.hex())}, {"size", file.pointer.size}});
  }
  return json::dump(
      {{"operation", "download"}, {"transfers", {"basic"}}, {"hash_algo", "sha256"}, {"objects", objects}});
}

std::vector<LfsDownload> parse_lfs_batch(std::string_view text, const std::vector<LfsFile>& files, base::WallTime now,
                                         const FieldNames& fields) {
  const auto value = json::parse(text, "the answer of the LFS server");
  const auto* objects = json::find(value, "objects");
  if (objects == nullptr || !objects->is_array()) broken("it has no list of objects");
  std::vector<LfsDownload> downloads;
  for (const auto& file : files) {
    const auto found = std::find_if(objects->begin(), objects->end(), [&](const json::Value& object) {
      return json::text_or(object, "oid") == file.pointer.digest.hex();
    });
    if (found == objects->end()) broken("it lacks object " + std::string(file.pointer.digest.hex()));
    downloads.push_back(read_download(*found, file, now, fields));
  }
  return downloads;
}

std::string lfs_refusal(std::string_view text) {
  try {
    return base::printable(json::text_or(json::parse(text, "an error"), "message"), 300);
  } catch (const Error&) {
    return "";  // written for browsers
  }
}

}  // namespace git
