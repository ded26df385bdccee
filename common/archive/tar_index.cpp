#include "archive/tar_index.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <sys/stat.h>

#include "archive/rooted.hpp"
#include "base/error.hpp"
#include "base/regular_file.hpp"
#include "base/termination.hpp"

// libarchive's handle is a struct of the name of this namespace; C does not care how it is called.
#define archive libarchive_handle
#include <archive.h>
#include <archive_entry.h>
#undef archive

namespace archive {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t block = 16UL * 1024;
constexpr int most_links = 8;

struct Deleter {
  void operator()(libarchive_handle* handle) const noexcept { archive_read_free(handle); }
};

std::string joined(const std::vector<std::string>& parts) {
  std::string result;
  for (const auto& part : parts) result += (result.empty() ? "" : "/") + part;
  return result;
}

// "a/./b//c" as "a/b/c". Nothing when it has "..".
std::optional<std::string> normal(std::string_view path) {
  const auto parts = components_of(path);
  return parts ? std::optional(joined(*parts)) : std::nullopt;
}

// Where a symbolic link of this path leads. Nothing: out of the archive.
std::optional<std::string> resolved(std::string_view path, std::string_view target) {
  if (target.starts_with('/')) return std::nullopt;
  std::vector<std::string> parts;
  const auto enter = [&](std::string_view text) {
    while (!text.empty()) {
      const auto part = text.substr(0, text.find('/'));
      text.remove_prefix(std::min(text.size(), part.size() + 1));
      if (part.empty() || part == ".") continue;
      if (part != "..") {
        parts.emplace_back(part);
      } else if (parts.empty()) {
        return false;
      } else {
        parts.pop_back();
      }
    }
    return true;
  };
  const auto slash = path.rfind('/');
  const auto folder = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  if (!enter(folder) || !enter(target)) return std::nullopt;
  return joined(parts);
}

TarIndex::Member member_of(archive_entry* entry) {
  TarIndex::Member member;
  const char* hard = archive_entry_hardlink(entry);
  const char* soft = archive_entry_symlink(entry);
  if (hard != nullptr) {
    member.type = Entry::Type::hardlink;
    member.target = hard;
  } else if (archive_entry_filetype(entry) == AE_IFLNK) {
    member.type = Entry::Type::symlink;
    member.target = soft == nullptr ? "" : soft;
  } else if (archive_entry_filetype(entry) == AE_IFREG) {
    member.type = Entry::Type::file;
  } else if (archive_entry_filetype(entry) == AE_IFDIR) {
    member.type = Entry::Type::directory;
  }
  member.is_sparse = archive_entry_sparse_count(entry) > 0;
  return member;
}

}  // namespace

TarIndex::TarIndex(const std::filesystem::path& file, std::string name, const Limits& limits) : name_(std::move(name)) {
  const auto descriptor = base::open_file(file);
  struct stat status {};
  if (fstat(descriptor.get(), &status) != 0) throw base::system_error("read", name_, errno);
  const auto length = static_cast<std::uint64_t>(status.st_size);
  const std::unique_ptr<libarchive_handle, Deleter> handle(archive_read_new());
  if (!handle) throw Error(ErrorKind::internal, {"read", name_, "out of memory", ""});
  const auto require = [&](int code) {
    if (code == ARCHIVE_OK || code == ARCHIVE_WARN) return;
    const char* text = archive_error_string(handle.get());
    refuse(text == nullptr ? "it is not a tar archive" : text);
  };
  archive_read_support_format_tar(handle.get());
  // Of a regular file libarchive passes over contents by seeking.
  if (archive_read_open_fd(handle.get(), descriptor.get(), block) != ARCHIVE_OK) refuse("it is not a tar archive");
  std::size_t entries = 0;
  while (true) {
    base::throw_if_terminated();
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(handle.get(), &entry);
    if (code == ARCHIVE_EOF) break;
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN && entries == 0) refuse("it is not a tar archive");
    require(code);
    const auto number = entries++;
    if (entries > limits.entries) refuse(fmt::format("it has more than {} entries", limits.entries));
    const char* path = archive_entry_pathname(entry);
    if (path == nullptr || std::string_view(path).size() > limits.path) refuse("an entry has no usable name");
    auto member = member_of(entry);
    member.number = number;
    if (member.target.size() > limits.path) refuse(fmt::format("{} is a link with an endless target", path));
    const auto size = archive_entry_size(entry);
    const auto offset = archive_filter_bytes(handle.get(), 0);
    if (size < 0 || offset < 0) refuse(fmt::format("{} has no valid size", path));
    member.offset = static_cast<std::uint64_t>(offset);
    if (member.type == Entry::Type::file) member.size = static_cast<std::uint64_t>(size);
    const auto left = length - std::min(length, member.offset);
    if (!member.is_sparse && member.size > left) refuse(fmt::format("it is cut: {} is not whole in it", path));
    add(path, std::move(member));
  }
  if (entries == 0) refuse("it is not a tar archive");
}

void TarIndex::add(const std::string& path, Member member) {
  const auto plain = normal(path);
  if (!plain) refuse(fmt::format("the path {} leads out of it", path));
  if (plain->empty() || member.type == Entry::Type::directory) return;
  const auto known = members_.find(*plain);
  if (known != members_.end()) member.times = known->second.times + 1;
  members_.insert_or_assign(*plain, std::move(member));
}

const TarIndex::Member* TarIndex::find(std::string_view path, Links links) const {
  const auto plain = normal(path);
  if (!plain) refuse(fmt::format("the path {} leads out of it", path));
  std::string at = *plain;
  for (int step = 0; step <= most_links; ++step) {
    const auto found = members_.find(at);
    if (found == members_.end()) {
      if (step > 0) refuse(fmt::format("the link {} leads to {}, which is not there", path, at));
      return nullptr;
    }
    const auto& member = found->second;
    // Tools differ in which of two they take.
    if (member.times > 1) refuse(fmt::format("it has {} files {}", member.times, at));
    if (member.type == Entry::Type::file) return &member;
    const bool is_link = member.type == Entry::Type::symlink || member.type == Entry::Type::hardlink;
    if (!is_link) refuse(fmt::format("{} is not a regular file", at));
    if (links == Links::refused) refuse(fmt::format("{} is a link, and none is followed here", at));
    const auto next =
        member.type == Entry::Type::symlink ? resolved(at, member.target) : resolved(std::string_view(), member.target);
    if (!next) refuse(fmt::format("the link {} leads out of it", at));
    at = *next;
  }
  refuse(fmt::format("the link {} leads to too many others", path));
}

void TarIndex::refuse(std::string cause) const {
  throw Error(ErrorKind::protocol, {"read", name_, std::move(cause), ""});
}

}  // namespace archive
