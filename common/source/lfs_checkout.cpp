#include "source/lfs_checkout.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <fstream>
#include <set>

#include "base/error.hpp"
#include "git/lfs.hpp"

namespace source {
namespace {

using base::Error;
using base::ErrorKind;
using git::LfsPointer;

constexpr std::size_t most_objects = 100;  // in one batch, as git-lfs asks
constexpr std::string_view media_type = "application/vnd.git-lfs+json";

// Writes a download to a file and holds it against its pointer.
class VerifiedFile final : public http::Sink {
 public:
  VerifiedFile(std::filesystem::path path, const LfsPointer& pointer) : path_(std::move(path)), pointer_(pointer) {}

  void restart() override {
    file_ = std::ofstream(path_, std::ios::binary | std::ios::trunc);
    hash_ = base::Sha256();
    size_ = 0;
  }
  void write(std::string_view bytes) override {
    size_ += bytes.size();
    if (size_ > pointer_.size) fail("it is longer than its pointer says");
    hash_.update(bytes);
    if (!file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
      throw base::system_error("write", path_.string(), errno);
    }
  }
  void finish() {
    file_.close();
    if (!file_) throw base::system_error("write", path_.string(), errno);
    if (size_ != pointer_.size) fail("it is shorter than its pointer says");
    if (hash_.finish() != pointer_.digest) fail("its content is not what its pointer says");
  }

 private:
  [[noreturn]] void fail(std::string cause) const {
    throw Error(ErrorKind::protocol,
                {"fetch", "LFS object " + std::string(pointer_.digest.hex()), std::move(cause), ""});
  }

  std::filesystem::path path_;
  const LfsPointer& pointer_;
  std::ofstream file_;
  base::Sha256 hash_;
  std::uint64_t size_ = 0;
};

std::filesystem::path object_path(const std::filesystem::path& objects, const LfsPointer& pointer) {
  const std::string hex(pointer.digest.hex());
  return objects / hex.substr(0, 2) / hex.substr(2, 2) / hex;
}

class LfsCheckout {
 public:
  LfsCheckout(const git::WorkingCopy& copy, const Access& access, const Connection& connection)
      : access_(access), connection_(connection), objects_(copy.git_directory() / "lfs/objects") {}

  void fetch(const std::vector<LfsPointer>& pointers) {
    if (const auto* local = std::get_if<git::LocalLocation>(&access_.location.where))
      return copy_local(*local, pointers);
    const auto* url = std::get_if<http::Url>(&access_.location.where);
    if (url == nullptr) {
      throw Error(ErrorKind::usage,
                  {"fetch", "the LFS objects of " + access_.location.text(), "LFS is not supported for ssh",
                   "use the repository's https address, or set params.disable_git_lfs"});
    }
    for (std::size_t i = 0; i < pointers.size(); i += most_objects) {
      const auto end = std::min(pointers.size(), i + most_objects);
      fetch_batch(*url, {pointers.begin() + static_cast<std::ptrdiff_t>(i),
                         pointers.begin() + static_cast<std::ptrdiff_t>(end)});
    }
  }

  [[nodiscard]] std::filesystem::path path_of(const LfsPointer& pointer) const {
    return object_path(objects_, pointer);
  }

 private:
  void fetch_batch(const http::Url& repository, const std::vector<LfsPointer>& pointers) {
    http::Request request;
    request.method = http::Method::post;
    request.url = repository;
    while (request.url.path.ends_with('/')) request.url.path.pop_back();
    request.url.path += request.url.path.ends_with(".git") ? "" : ".git";
    request.url.path += "/info/lfs/objects/batch";
    request.headers = {{"Accept", std::string(media_type)}, {"Content-Type", std::string(media_type)}};
    request.body = http::text_body(git::lfs_batch_request(pointers));
    request.repeatable = true;
    const auto response = connection_.http->send(request);
    if (!response.ok()) {
      const bool denied = response.status == 401 || response.status == 403;
      throw http::status_error(
          "fetch", "the LFS objects of " + access_.location.text(), response, "",
          denied ? "check " + access_.credential_fields : "set params.disable_git_lfs to do without");
    }
    for (const auto& download : git::parse_lfs_batch(response.body, pointers)) fetch_object(download);
  }

  void fetch_object(const git::LfsDownload& download) {
    const auto url = http::Url::parse(download.href);
    if (!url) {
      throw Error(ErrorKind::protocol, {"read", "the answer of the LFS server", "a download has no http address", ""});
    }
    const auto path = path_of(download.pointer);
    std::filesystem::create_directories(path.parent_path());
    const auto file = std::make_shared<VerifiedFile>(path, download.pointer);
    http::Request request;
    request.url = *url;
    for (const auto& [name, value] : download.headers) request.headers.add(name, value);
    request.sink = file;
    const auto response = connection_.http->send(request);
    if (!response.ok()) {
      throw http::status_error("fetch", "LFS object " + std::string(download.pointer.digest.hex()), response);
    }
    file->finish();
  }

  // As git-lfs keeps them beside a local repository.
  void copy_local(const git::LocalLocation& local, const std::vector<LfsPointer>& pointers) {
    for (const auto& pointer : pointers) {
      auto from = object_path(local.path / "lfs/objects", pointer);
      if (!std::filesystem::exists(from)) from = object_path(local.path / ".git/lfs/objects", pointer);
      std::ifstream content(from, std::ios::binary);
      if (!content) {
        throw Error(ErrorKind::not_found,
                    {"fetch", "LFS object " + std::string(pointer.digest.hex()), "the repository does not have it",
                     "set params.disable_git_lfs to do without"});
      }
      std::filesystem::create_directories(path_of(pointer).parent_path());
      VerifiedFile file(path_of(pointer), pointer);
      file.restart();
      std::string buffer(1UL << 16U, '\0');
      while (content.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || content.gcount() > 0) {
        file.write(std::string_view(buffer).substr(0, static_cast<std::size_t>(content.gcount())));
      }
      file.finish();
    }
  }

  const Access& access_;
  const Connection& connection_;
  std::filesystem::path objects_;
};

}  // namespace

void check_out_lfs(const git::WorkingCopy& copy, const Access& access, const Connection& connection,
                   concourse::Context& context) {
  const auto files = git::lfs_files(copy);
  if (files.empty()) return;
  std::set<LfsPointer> pointers;
  std::uint64_t size = 0;
  for (const auto& file : files) {
    if (pointers.insert(file.pointer).second) size += file.pointer.size;
  }
  context.log.info(fmt::format("fetching {} LFS objects, {}", pointers.size(), base::human_bytes(size)));
  LfsCheckout checkout(copy, access, connection);
  checkout.fetch({pointers.begin(), pointers.end()});
  std::vector<git::LfsContent> contents;
  for (const auto& file : files) contents.push_back({file, checkout.path_of(file.pointer)});
  git::replace_lfs_pointers(copy, contents);
}

}  // namespace source
