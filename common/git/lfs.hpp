// Git LFS: pointers as they stand in the repository (git-lfs, docs/spec.md), and the batch conversation by which their
// contents are found (docs/api/batch.md). Nothing here touches a network.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "git/field_names.hpp"
#include "git/sparse_patterns.hpp"
#include "git/working_copy.hpp"
#include "json/value.hpp"

namespace git {

struct LfsPointer {
  base::Digest digest;
  std::uint64_t size = 0;
  friend auto operator<=>(const LfsPointer&, const LfsPointer&) = default;
};

inline constexpr std::uint64_t largest_lfs_pointer = 1024;

// Nothing for a text that is not a pointer.
[[nodiscard]] std::optional<LfsPointer> parse_lfs_pointer(std::string_view text);

struct LfsFile {
  std::string path;
  LfsPointer pointer;

  // For errors: the object, and a file that it belongs to.
  [[nodiscard]] std::string shown() const;
};

// The files of a checkout that .gitattributes gives to LFS and that are pointers.
[[nodiscard]] std::vector<LfsFile> lfs_files(const WorkingCopy& copy);

// What the repository says of its LFS objects (git-lfs-config(5)), in the checkout's configuration or else in the
// commit's .lfsconfig.
struct LfsSettings {
  std::optional<std::string> url;  // lfs.url or remote.origin.lfsurl. Not checked
  SparsePatterns include;          // lfs.fetchinclude; none: all
  SparsePatterns exclude;          // lfs.fetchexclude: these stay pointers

  [[nodiscard]] bool fetches(std::string_view path) const;
};
[[nodiscard]] LfsSettings lfs_settings(const WorkingCopy& copy);

// Puts contents in the place of pointers, so that git, with git-lfs or without, calls the checkout clean. `content` is
// the file that holds a pointer's content.
struct LfsContent {
  LfsFile file;
  std::filesystem::path content;
};
void replace_lfs_pointers(const WorkingCopy& copy, const std::vector<LfsContent>& contents);

// Where an object is downloaded from.
struct LfsDownload {
  LfsFile file;
  std::string href;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<base::WallTime> expires;  // the link ("expires_in", "expires_at")
};

// "header" of a JSON object, as they may be sent. Error{protocol} naming `object`.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> read_lfs_headers(const json::Value& value,
                                                                                const std::string& object);
[[nodiscard]] std::string lfs_batch_request(const std::vector<LfsFile>& files);
// Error{protocol} for an answer that is not a list of objects or that lacks an object, {not_found} and {denied} as the
// server says of an object. `now` is when the answer came.
[[nodiscard]] std::vector<LfsDownload> parse_lfs_batch(std::string_view text, const std::vector<LfsFile>& files,
                                                       base::WallTime now, const FieldNames& fields);
// "message" of an answer that refuses, printable; empty where there is none.
[[nodiscard]] std::string lfs_refusal(std::string_view text);

}  // namespace git
