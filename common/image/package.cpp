#include "image/package.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <vector>

#include "archive/reader.hpp"
#include "archive/tar_index.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/regular_file.hpp"
#include "base/termination.hpp"
#include "base/write_all.hpp"
#include "registry/rooted_files.hpp"

namespace image {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr std::size_t buffer_size = 256UL * 1024;
// An archive of an image has a few files for each layer.
constexpr std::uint64_t most_entries = 200'000;

// What an archive may grow to where it is compressed or has holes: layers of text shrink to a tenth.
std::uint64_t largest_unpacked(const fs::path& file) {
  constexpr std::uint64_t always_allowed = 256ULL << 20U;
  constexpr std::uint64_t largest_growth = 100;
  return always_allowed + largest_growth * fs::file_size(file);
}

// The bytes of a stretch, read from anywhere.
class OpenStretch {
 public:
  explicit OpenStretch(Stretch bytes) : bytes_(std::move(bytes)), file_(bytes_.open()) {}

  [[nodiscard]] std::uint64_t size() const { return bytes_.size; }
  std::size_t read(std::uint64_t position, char* buffer, std::size_t capacity) const {
    const auto left = std::min<std::uint64_t>(capacity, bytes_.size - std::min(bytes_.size, position));
    while (true) {
      const auto count =
          pread(file_->get(), buffer, static_cast<std::size_t>(left), static_cast<off_t>(bytes_.offset + position));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw base::system_error("read", bytes_.name, errno);
      if (count == 0 && left > 0) {
        throw Error(ErrorKind::protocol, {"read", bytes_.name, "the file was cut meanwhile", ""});
      }
      return static_cast<std::size_t>(count);
    }
  }

 private:
  Stretch bytes_;
  std::shared_ptr<const base::FileDescriptor> file_;
};

class StretchInput final : public archive::Input {
 public:
  explicit StretchInput(Stretch bytes) : bytes_(std::move(bytes)) {}
  std::size_t read(char* buffer, std::size_t capacity) override {
    base::throw_if_terminated();
    const auto count = bytes_.read(position_, buffer, capacity);
    position_ += count;
    return count;
  }

 private:
  OpenStretch bytes_;
  std::uint64_t position_ = 0;
};

class StretchBody final : public http::Body {
 public:
  explicit StretchBody(Stretch bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  void rewind(std::uint64_t offset) override { position_ = offset; }
  [[nodiscard]] std::size_t read(char* buffer, std::size_t capacity) override {
    const auto count = bytes_.read(position_, buffer, capacity);
    position_ += count;
    return count;
  }

 private:
  OpenStretch bytes_;
  std::uint64_t position_ = 0;
};

using Descriptor = std::shared_ptr<const base::FileDescriptor>;

class DirectoryPackage final : public Package {
 public:
  explicit DirectoryPackage(const fs::path& directory)
      : files_(std::make_shared<const registry::RootedFiles>(directory)) {}

  std::optional<Stretch> open(const std::string& path, Links /*links*/) override {
    std::vector<std::string> parts;
    for (const auto& part : fs::path(path)) parts.push_back(part.string());
    const auto file = files_->open(parts);
    if (!file) return std::nullopt;
    const auto open_again = [files = files_, parts, path]() -> Descriptor {
      auto again = files->open(parts);
      if (again) return std::make_shared<const base::FileDescriptor>(std::move(again->descriptor));
      throw Error(ErrorKind::protocol, {"read", path, "the file was removed meanwhile", ""});
    };
    return Stretch{open_again, 0, file->size, path};
  }

 private:
  std::shared_ptr<const registry::RootedFiles> files_;
};

class ArchivePackage final : public Package {
 public:
  ArchivePackage(fs::path file, std::string name, fs::path scratch)
      : file_(std::move(file)),
        name_(std::move(name)),
        scratch_(std::move(scratch)),
        descriptor_(std::make_shared<const base::FileDescriptor>(base::open_file(file_))),
        index_(file_, name_, limits()) {}

  std::optional<Stretch> open(const std::string& path, Links links) override {
    const auto* member = index_.find(
        path, links == Links::followed ? archive::TarIndex::Links::followed : archive::TarIndex::Links::refused);
    if (member == nullptr) return std::nullopt;
    if (member->is_sparse) return unpack(*member, path);
    return Stretch{[file = descriptor_] { return file; }, member->offset, member->size, path};
  }

 private:
  static archive::Limits limits() {
    archive::Limits result;
    result.entries = most_entries;
    return result;
  }

  // Its holes are written as what they are: no blocks.
  Stretch unpack(const archive::TarIndex::Member& member, const std::string& path) {
    const auto input = archive::file_input(file_);
    archive::Reader reader(*input, name_, limits());
    const auto target = scratch_ / fmt::format("sparse-{}", unpacked_++);
    std::size_t number = 0;
    while (const auto* entry = reader.next()) {
      if (number++ != member.number) continue;
      if (entry->size > largest_unpacked(file_)) index_.refuse(fmt::format("{} has more holes than bytes", path));
      const base::FileDescriptor file(::open(target.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
      if (!file) throw base::system_error("create", target.string(), errno);
      archive::Block block;
      while (reader.read(block)) {
        if (lseek(file.get(), static_cast<off_t>(block.offset), SEEK_SET) < 0) {
          throw base::system_error("write", target.string(), errno);
        }
        base::write_all(file.get(), block.bytes, target);
      }
      if (ftruncate(file.get(), static_cast<off_t>(entry->size)) != 0) {
        throw base::system_error("write", target.string(), errno);
      }
      return file_stretch(target, entry->size, path);
    }
    index_.refuse(fmt::format("{} is not there any more", path));
  }

  fs::path file_;
  std::string name_;
  fs::path scratch_;
  std::shared_ptr<const base::FileDescriptor> descriptor_;
  archive::TarIndex index_;
  std::size_t unpacked_ = 0;
};

bool is_compressed(const fs::path& file) {
  std::array<char, 4> start{};
  const auto descriptor = base::open_file(file);
  const auto count = base::read_some(descriptor, start.data(), start.size(), file);
  const std::string_view magic(start.data(), count);
  return magic.starts_with("\x1f\x8b") || magic == "\x28\xb5\x2f\xfd";
}

fs::path decompress(const fs::path& file, const std::string& name, const fs::path& scratch) {
  const auto target = scratch / "archive.tar";
  const base::FileDescriptor output(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!output) throw base::system_error("create", target.string(), errno);
  const auto input = archive::decompressing(archive::file_input(file), name);
  const auto largest = largest_unpacked(file);
  std::vector<char> buffer(buffer_size);
  std::uint64_t size = 0;
  while (const auto count = input->read(buffer.data(), buffer.size())) {
    base::throw_if_terminated();
    size += count;
    if (size > largest) {
      throw Error(ErrorKind::protocol,
                  {"read", name, fmt::format("it decompresses to more than {}", base::human_bytes(largest)), ""});
    }
    base::write_all(output.get(), {buffer.data(), count}, target);
  }
  return target;
}

}  // namespace

std::string read_all(const Stretch& bytes, std::uint64_t limit) {
  if (bytes.size > limit) {
    throw Error(ErrorKind::protocol,
                {"read", bytes.name, fmt::format("it is larger than {}", base::human_bytes(limit)), ""});
  }
  const OpenStretch file(bytes);
  std::string result(bytes.size, '\0');
  std::size_t length = 0;
  while (length < result.size()) length += file.read(length, result.data() + length, result.size() - length);
  return result;
}

Stretch file_stretch(const fs::path& file, std::uint64_t size, std::string name) {
  return {[file] { return std::make_shared<const base::FileDescriptor>(base::open_file(file)); }, 0, size,
          std::move(name)};
}

std::unique_ptr<archive::Input> input_of(const Stretch& bytes) { return std::make_unique<StretchInput>(bytes); }
std::shared_ptr<http::Body> body_of(const Stretch& bytes) { return std::make_shared<StretchBody>(bytes); }

std::unique_ptr<Package> directory_package(const fs::path& directory) {
  return std::make_unique<DirectoryPackage>(directory);
}

std::unique_ptr<Package> archive_package(const fs::path& file, const std::string& name, const fs::path& scratch) {
  if (!is_compressed(file)) return std::make_unique<ArchivePackage>(file, name, scratch);
  return std::make_unique<ArchivePackage>(decompress(file, name, scratch), name, scratch);
}

}  // namespace image
