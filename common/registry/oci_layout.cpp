#include "registry/oci_layout.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/write_all.hpp"
#include "http/file_body.hpp"
#include "registry/rooted_files.hpp"

namespace registry {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr const char* marker = "oci-layout";
constexpr const char* index_file = "index.json";
constexpr std::string_view ref_name = "org.opencontainers.image.ref.name";
constexpr std::uint64_t largest_marker = 1024;
constexpr std::uint64_t largest_manifest = 4ULL << 20U;

std::vector<std::string> blob_path(const Digest& digest) { return {"blobs", "sha256", std::string(digest.hex())}; }

std::string tag_of(const json::Value& entry) {
  const auto* annotations = json::find(entry, "annotations");
  return annotations == nullptr ? "" : json::text_or(*annotations, ref_name);
}

class LayoutBlob final : public Blob {
 public:
  LayoutBlob(RootedFiles::File file, std::string name, Descriptor blob)
      : file_(std::move(file)), name_(std::move(name)), blob_(std::move(blob)) {
    if (file_.size != blob_.size) fail(fmt::format("it has {} bytes, not {}", file_.size, blob_.size));
  }

  void stream(const ByteSink& sink) override {
    const auto bytes = body();
    base::Sha256 hash;
    std::array<char, 256UL * 1024> buffer{};
    bytes->rewind(0);
    while (const std::size_t count = bytes->read(buffer.data(), buffer.size())) {
      const std::string_view part(buffer.data(), count);
      hash.update(part);
      sink(part);
    }
    const Digest found = hash.finish();
    if (found != blob_.digest) fail(fmt::format("its bytes have the digest {}", found.text()));
  }

  std::shared_ptr<http::Body> body() override {
    base::FileDescriptor copy(fcntl(file_.descriptor.get(), F_DUPFD_CLOEXEC, 3));
    if (!copy) throw base::system_error("read", name_, errno);
    return http::file_body(std::move(copy), name_, blob_.size);
  }

 private:
  [[noreturn]] void fail(std::string cause) const {
    throw Error(ErrorKind::protocol, {"read", name_, std::move(cause), ""});
  }

  RootedFiles::File file_;
  std::string name_;
  Descriptor blob_;
};

class OciLayout final : public Storage {
 public:
  explicit OciLayout(const fs::path& directory) : files_(directory) {
    const auto said = files_.read({marker}, largest_marker);
    if (!said) {
      throw Error(ErrorKind::usage,
                  {"use", name(), "it has no file oci-layout", "name the directory of an OCI layout"});
    }
    const auto version = json::text_or(json::parse(*said, "the file oci-layout"), "imageLayoutVersion");
    if (version.starts_with("1.")) return;
    throw Error(ErrorKind::protocol,
                {"use", name(), fmt::format("it is of the unknown version \"{}\"", base::printable(version, 32)), ""});
  }

  [[nodiscard]] std::string name() const override { return "the OCI layout " + files_.directory().string(); }

  std::optional<RawManifest> find_manifest(const ManifestName& name) override {
    if (name.digest) return read_manifest(*name.digest, "");
    const auto entry = find_entry(name.tag);
    if (!entry) return std::nullopt;
    return read_manifest(entry->digest, entry->media_type);
  }

  std::vector<Descriptor> referrers(const Digest& subject, std::string_view artifact_type) override {
    std::vector<Descriptor> result;
    for (const auto& entry : entries()) {
      const auto raw = read_manifest(entry.digest, entry.media_type);
      if (!raw || raw->is_index()) continue;
      const auto manifest = parse_manifest(*raw, name());
      const auto& type = manifest.artifact_type.empty() ? manifest.config.media_type : manifest.artifact_type;
      const bool refers = manifest.subject && manifest.subject->digest == subject;
      if (refers && (artifact_type.empty() || type == artifact_type)) result.push_back(entry);
    }
    return result;
  }

  std::unique_ptr<Blob> open_blob(const Descriptor& blob) override {
    auto file = files_.open(blob_path(blob.digest));
    const auto text = fmt::format("blob {} of {}", blob.digest.text(), name());
    if (!file) throw Error(ErrorKind::not_found, {"read", text, "there is no such file", ""});
    return std::make_unique<LayoutBlob>(*std::move(file), text, blob);
  }

  bool has_blob(const Descriptor& blob) override { return files_.open(blob_path(blob.digest)).has_value(); }

  void put_blob(const Descriptor& blob, Blob& bytes) override {
    const auto target = prepare_blob(blob.digest);
    const auto path = fmt::format("{}.{}.part", target.string(), counter_++);
    try {
      const base::FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
      if (!file) throw base::system_error("create", path, errno);
      bytes.stream([&](std::string_view part) { base::write_all(file.get(), part, path); });
      fs::rename(path, target);
    } catch (...) {
      unlink(path.c_str());
      throw;
    }
  }

  bool mount_blob(const Descriptor& /*blob*/, const Storage& /*from*/) override { return false; }

  void put_manifest(const RawManifest& manifest, const std::optional<std::string>& tag, Role role) override {
    base::write_file(prepare_blob(manifest.digest), manifest.bytes);
    if (role == Role::part) return;
    const std::lock_guard lock(mutex_);
    auto index = read_index();
    json::Value kept = json::Value::array();
    for (const auto& entry : index["manifests"]) {
      const bool same_tag = tag_of(entry) == tag.value_or("");
      const bool is_replaced = same_tag && (tag || json::text_or(entry, "digest") == manifest.digest.text());
      if (!is_replaced) kept.push_back(entry);
    }
    json::Value entry = {
        {"mediaType", manifest.media_type}, {"digest", manifest.digest.text()}, {"size", manifest.bytes.size()}};
    if (tag) entry["annotations"] = {{ref_name, *tag}};
    kept.push_back(std::move(entry));
    index["manifests"] = std::move(kept);
    base::write_file(files_.directory() / index_file, json::dump(index));
  }

 private:
  [[nodiscard]] fs::path prepare_blob(const Digest& digest) const {
    const auto folder = files_.directory() / "blobs" / "sha256";
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed) throw base::system_error("create directory", folder.string(), failed.value());
    return folder / digest.hex();
  }

  [[nodiscard]] json::Value read_index() const {
    const auto text = files_.read({index_file}, largest_manifest);
    if (!text) throw Error(ErrorKind::protocol, {"use", name(), "it has no index.json", ""});
    auto index = json::parse(*text, "index.json of " + name());
    const auto* manifests = json::find(index, "manifests");
    if (manifests != nullptr && manifests->is_array()) return index;
    throw Error(ErrorKind::protocol, {"use", name(), "index.json has no list of manifests", ""});
  }

  [[nodiscard]] std::vector<Descriptor> entries() const {
    const auto object = "index.json of " + name();
    return parse_index(parse_raw(std::string(media_type::oci_index), json::dump(read_index()), object), object).entries;
  }

  [[nodiscard]] std::optional<Descriptor> find_entry(const std::optional<std::string>& tag) const {
    const auto all = entries();
    if (!tag && all.size() == 1) return all.front();
    if (!tag) {
      throw Error(ErrorKind::usage,
                  {"use", name(), fmt::format("it holds {} images", all.size()), "name one by its tag"});
    }
    for (const auto& entry : all) {
      const auto named = entry.annotations.find(std::string(ref_name));
      if (named != entry.annotations.end() && named->second == *tag) return entry;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<RawManifest> read_manifest(const Digest& digest, const std::string& type) const {
    auto bytes = files_.read(blob_path(digest), largest_manifest);
    if (!bytes) return std::nullopt;
    const auto object = fmt::format("manifest {} of {}", digest.text(), name());
    if (base::Sha256::of(*bytes) != digest) {
      throw Error(ErrorKind::protocol, {"read", object, "its bytes have another digest", ""});
    }
    return parse_raw(type, *std::move(bytes), object);
  }

  RootedFiles files_;
  std::atomic<std::size_t> counter_ = 0;
  std::mutex mutex_;  // guards index.json
};

}  // namespace

std::unique_ptr<Storage> open_oci_layout(const fs::path& directory) { return std::make_unique<OciLayout>(directory); }

std::unique_ptr<Storage> create_oci_layout(const fs::path& directory) {
  std::error_code failed;
  fs::create_directories(directory, failed);
  if (failed) throw base::system_error("create directory", directory.string(), failed.value());
  if (!fs::is_empty(directory)) {
    throw Error(ErrorKind::usage, {"create", "the OCI layout " + directory.string(), "the directory is not empty", ""});
  }
  base::write_file(directory / marker, R"({"imageLayoutVersion":"1.0.0"})");
  const json::Value index = {
      {"schemaVersion", 2}, {"mediaType", media_type::oci_index}, {"manifests", json::Value::array()}};
  base::write_file(directory / index_file, json::dump(index));
  return std::make_unique<OciLayout>(directory);
}

}  // namespace registry
