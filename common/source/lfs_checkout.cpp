#include "source/lfs_checkout.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <fmt/format.h>
#include <fstream>
#include <map>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/regular_file.hpp"
#include "git/http_answer.hpp"
#include "git/lfs.hpp"
#include "git/lfs_server.hpp"
#include "http/status.hpp"

namespace source {
namespace {

using base::Error;
using base::ErrorKind;
using git::LfsFile;
using git::LfsPointer;

constexpr std::size_t most_objects = 100;  // in one batch, as git-lfs asks
constexpr std::size_t most_transfers = 8;  // at once, as git-lfs has it (lfs.concurrenttransfers)
constexpr std::string_view media_type = "application/vnd.git-lfs+json";

// Writes a download to a file and holds it against its pointer.
class VerifiedFile final : public http::Sink {
 public:
  VerifiedFile(std::filesystem::path path, const LfsFile& file, base::Progress& progress)
      : path_(std::move(path)), lfs_(file), progress_(progress) {}

  void restart() override {
    file_ = std::ofstream(path_, std::ios::binary | std::ios::trunc);
    hash_ = base::Sha256();
    size_ = 0;
  }
  void write(std::string_view bytes) override {
    size_ += bytes.size();
    if (size_ > lfs_.pointer.size) fail("it is longer than its pointer says");
    hash_.update(bytes);
    progress_.advance(bytes.size());
    if (!file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
      throw base::system_error("write", path_.string(), errno);
    }
  }
  void finish() {
    file_.close();
    if (!file_) throw base::system_error("write", path_.string(), errno);
    if (size_ != lfs_.pointer.size) fail("it is shorter than its pointer says");
    if (hash_.finish() != lfs_.pointer.digest) fail("its content is not what its pointer says");
  }

 private:
  [[noreturn]] void fail(std::string cause) const {
    throw Error(ErrorKind::protocol, {"fetch", lfs_.shown(), std::move(cause), ""});
  }

  std::filesystem::path path_;
  const LfsFile& lfs_;
  base::Progress& progress_;
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
  LfsCheckout(const git::WorkingCopy& copy, const git::LfsSettings& settings, const Access& access,
              const Connection& connection, const Source& source, concourse::Context& context, std::uint64_t size)
      : access_(access),
        objects_(copy.git_directory() / "lfs/objects"),
        http_(connection.http.get()),
        clock_(context.clock),
        progress_(context.log, "LFS objects", size) {
    find_server(settings.url, connection.ssh.get(), context.log);
    if (server_ && http_ == nullptr) {
      own_http_ = make_http_client(access, source, context);
      http_ = own_http_.get();
    }
  }

  void fetch(const std::vector<LfsFile>& files) {
    if (const auto* local = std::get_if<git::LocalLocation>(&access_.location.where); local != nullptr && !server_) {
      return copy_local(*local, files);
    }
    for (std::size_t i = 0; i < files.size(); i += most_objects) {
      const auto end = std::min(files.size(), i + most_objects);
      fetch_batch({files.begin() + static_cast<std::ptrdiff_t>(i), files.begin() + static_cast<std::ptrdiff_t>(end)});
    }
  }

  [[nodiscard]] std::filesystem::path path_of(const LfsPointer& pointer) const {
    return object_path(objects_, pointer);
  }

 private:
  void find_server(const std::optional<std::string>& given, const git::SshClient* ssh, base::Log& log) {
    if (!given) {
      if (const auto* repository = std::get_if<http::Url>(&access_.location.where)) {
        server_ = git::lfs_server_beside(*repository);
      } else if (ssh != nullptr) {
        server_ = git::ask_for_lfs_server(*ssh, std::get<git::SshLocation>(access_.location.where));
        for (const auto& [name, value] : server_->headers) log.redact(base::Secret(value));
      }
      return;
    }
    server_ = git::lfs_server_at(*given);
    if (!server_) {
      throw Error(ErrorKind::usage, {"read", "lfs.url of the repository (.lfsconfig)", "it is not an http(s) address",
                                     "set lfs.url in source.git_config, or params.disable_git_lfs to do without"});
    }
  }

  // Links last as long as the server likes, and a batch of large objects may last longer: what has expired is asked for
  // again, as long as that leads on.
  void fetch_batch(std::vector<LfsFile> files) {
    constexpr int most_in_vain = 2;
    for (int in_vain = 0; !files.empty();) {
      const auto downloads = ask(files);
      std::vector<std::optional<Error>> expired(downloads.size());
      base::for_each_parallel(downloads.size(), most_transfers,
                              [&](std::size_t number) { expired[number] = fetch_object(downloads[number]); });
      std::vector<LfsFile> left;
      for (std::size_t i = 0; i < downloads.size(); ++i) {
        if (expired[i]) left.push_back(downloads[i].file);
      }
      in_vain = left.size() < files.size() ? 0 : in_vain + 1;
      const auto failed = std::find_if(expired.begin(), expired.end(), [](const auto& one) { return one.has_value(); });
      if (in_vain == most_in_vain) throw **failed;
      files = std::move(left);
    }
  }

  std::vector<git::LfsDownload> ask(const std::vector<LfsFile>& files) {
    constexpr int most_moves = 10;
    const std::string body = git::lfs_batch_request(files);
    for (int moves = 0;; ++moves) {
      try {
        const auto response = ask_once(body);
        return git::parse_lfs_batch(response.body, files, clock_.now(), field_names());
      } catch (const Moved& moved) {
        if (moves == most_moves) {
          throw Error(ErrorKind::protocol, {"fetch from", server_->url.shown(),
                                            fmt::format("it redirects more than {} times", most_moves), ""});
        }
        server_ = git::moved_lfs_server(*server_, moved.target);
      }
    }
  }

  // Where the batch API of a renamed repository is. Browsers turn a POST into a GET then; the API is asked by POST
  // alone.
  struct Moved final : std::exception {
    explicit Moved(http::Url where) : target(std::move(where)) {}
    http::Url target;
  };

  http::Response ask_once(const std::string& body) {
    http::Request request;
    request.method = http::Method::post;
    request.url = server_->url;
    request.url.path += "/objects/batch";
    request.headers = {{"Accept", std::string(media_type)}, {"Content-Type", std::string(media_type)}};
    for (const auto& [name, value] : server_->headers) request.headers.set(name, value);
    request.body = http::text_body(body);
    request.repeatable = true;
    request.judge_redirect = [](const http::Url& target) { throw Moved(target); };
    auto response = http_->send(request);
    if (response.ok()) return response;
    const bool denied = response.status == 401 || response.status == 403;
    throw http::status_error(
        "fetch", "the LFS objects of " + access_.location.text(), response, words_of(response),
        denied ? "check " + access_.credential_fields : "set params.disable_git_lfs to do without");
  }

  static std::string words_of(const http::Response& response) {
    auto words = git::host_says(response);
    return words.empty() ? git::lfs_refusal(response.body) : words;
  }

  // The refusal of a link that has expired: it is worth asking for another.
  std::optional<Error> fetch_object(const git::LfsDownload& download) {
    const auto url = http::Url::parse(download.href);
    if (!url) {
      throw Error(ErrorKind::protocol, {"read", "the answer of the LFS server", "a download has no http address", ""});
    }
    if (download.expires && *download.expires <= clock_.now()) {
      return Error(ErrorKind::denied, {"fetch", download.file.shown(), "its link has expired before it was used", ""});
    }
    const auto path = path_of(download.file.pointer);
    std::filesystem::create_directories(path.parent_path());
    const auto file = std::make_shared<VerifiedFile>(path, download.file, progress_);
    http::Request request;
    request.url = *url;
    for (const auto& [name, value] : download.headers) request.headers.add(name, value);
    request.sink = file;
    const auto response = http_->send(request);
    if (response.ok()) {
      file->finish();
      return std::nullopt;
    }
    auto error = http::status_error("fetch", download.file.shown(), response, words_of(response));
    const bool expired = response.status == 401 || response.status == 403 || response.status == 410;
    if (!expired) throw error;
    return error;
  }

  // As git-lfs keeps them beside a local repository.
  void copy_local(const git::LocalLocation& local, const std::vector<LfsFile>& files) {
    for (const auto& wanted : files) {
      auto from = object_path(local.path / "lfs/objects", wanted.pointer);
      if (!std::filesystem::exists(from)) from = object_path(local.path / ".git/lfs/objects", wanted.pointer);
      const auto content = base::open_file_if_exists(from);
      if (!content) {
        throw Error(ErrorKind::not_found, {"fetch", wanted.shown(), "the repository does not have it",
                                           "set params.disable_git_lfs to do without"});
      }
      const auto path = path_of(wanted.pointer);
      std::filesystem::create_directories(path.parent_path());
      VerifiedFile file(path, wanted, progress_);
      file.restart();
      std::string buffer(1UL << 16U, '\0');
      while (const auto count = base::read_some(*content, buffer.data(), buffer.size(), from)) {
        file.write(std::string_view(buffer).substr(0, count));
      }
      file.finish();
    }
  }

  const Access& access_;
  std::filesystem::path objects_;
  std::optional<git::LfsServer> server_;
  std::unique_ptr<http::Client> own_http_;  // for a repository that is not reached by http itself
  http::Client* http_;
  base::Clock& clock_;
  base::Progress progress_;
};

}  // namespace

void check_out_lfs(const git::WorkingCopy& copy, const Access& access, const Connection& connection,
                   const Source& source, concourse::Context& context) {
  const auto settings = git::lfs_settings(copy);
  auto files = git::lfs_files(copy);
  std::erase_if(files, [&](const LfsFile& file) { return !settings.fetches(file.path); });
  if (files.empty()) return;
  std::map<LfsPointer, LfsFile> objects;
  std::uint64_t size = 0;
  for (const auto& file : files) {
    if (objects.emplace(file.pointer, file).second) size += file.pointer.size;
  }
  context.log.info(fmt::format("fetching {} LFS objects, {}", objects.size(), base::human_bytes(size)));
  LfsCheckout checkout(copy, settings, access, connection, source, context, size);
  std::vector<LfsFile> wanted;
  for (const auto& [pointer, file] : objects) wanted.push_back(file);
  checkout.fetch(wanted);
  std::vector<git::LfsContent> contents;
  for (const auto& file : files) contents.push_back({file, checkout.path_of(file.pointer)});
  git::replace_lfs_pointers(copy, contents);
}

}  // namespace source
