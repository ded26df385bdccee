#include "archive/reader.hpp"

#include <cerrno>
#include <exception>
#include <fmt/format.h>
#include <limits>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
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

struct Deleter {
  void operator()(libarchive_handle* handle) const noexcept { archive_read_free(handle); }
};

Entry::Type type_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) return Entry::Type::hardlink;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return Entry::Type::file;
    case AE_IFDIR:
      return Entry::Type::directory;
    case AE_IFLNK:
      return Entry::Type::symlink;
    case AE_IFCHR:
      return Entry::Type::character_device;
    case AE_IFBLK:
      return Entry::Type::block_device;
    case AE_IFIFO:
      return Entry::Type::fifo;
    default:
      return Entry::Type::other;
  }
}

std::string text_of(const char* text) { return text == nullptr ? "" : text; }

}  // namespace

class Reader::Implementation {
 public:
  Implementation(Input& input, std::string name, const Limits& limits)
      : input_(input), name_(std::move(name)), limits_(limits), buffer_(256UL * 1024), handle_(archive_read_new()) {
    if (!handle_) throw Error(ErrorKind::internal, {"read", name_, "out of memory", ""});
    archive_read_support_format_tar(handle_.get());
    archive_read_support_format_empty(handle_.get());
    require(archive_read_open(handle_.get(), this, nullptr, on_read, nullptr));
  }

  const Entry* next() {
    base::throw_if_terminated();
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(handle_.get(), &entry);
    if (failure_) std::rethrow_exception(failure_);
    if (code == ARCHIVE_EOF) return nullptr;
    // A warning is about a name that is not text in the current locale: its bytes are kept, and bytes are what counts.
    require(code);
    if (++entries_ > limits_.entries) refuse(fmt::format("it has more than {} entries", limits_.entries));
    take(entry);
    return &entry_;
  }

  bool read(Block& block) {
    base::throw_if_terminated();
    const void* data = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int code = archive_read_data_block(handle_.get(), &data, &size, &offset);
    if (failure_) std::rethrow_exception(failure_);
    if (code == ARCHIVE_EOF) return false;
    require(code);
    block = {static_cast<std::uint64_t>(offset), {static_cast<const char*>(data), size}};
    if (offset < 0 || block.offset > entry_.size || size > entry_.size - block.offset) {
      refuse(fmt::format("{} has more bytes than its size", entry_.path));
    }
    return true;
  }

  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  static la_ssize_t on_read(libarchive_handle* handle, void* pointer, const void** bytes) {
    auto& self = *static_cast<Implementation*>(pointer);
    try {
      const std::string_view piece = self.input_.piece(self.buffer_);
      *bytes = piece.data();
      return static_cast<la_ssize_t>(piece.size());
    } catch (...) {  // exceptions do not cross C
      self.failure_ = std::current_exception();
      archive_set_error(handle, EIO, "the input failed");
      return -1;
    }
  }

  void require(int code) {
    if (failure_) std::rethrow_exception(failure_);
    if (code == ARCHIVE_OK || code == ARCHIVE_WARN) return;
    const char* text = archive_error_string(handle_.get());
    refuse(text == nullptr ? "it is not a tar archive" : text);
  }

  [[noreturn]] void refuse(std::string cause) const {
    throw Error(ErrorKind::protocol, {"read", name_, std::move(cause), ""});
  }

  void take(archive_entry* entry) {
    entry_ = {};
    entry_.type = type_of(entry);
    entry_.path = text_of(archive_entry_pathname(entry));
    entry_.target =
        text_of(entry_.type == Entry::Type::hardlink ? archive_entry_hardlink(entry) : archive_entry_symlink(entry));
    if (entry_.path.empty()) refuse("an entry has no name");
    if (entry_.path.size() > limits_.path || entry_.target.size() > limits_.path) {
      refuse(fmt::format("the name of {}... is longer than {} bytes", entry_.path.substr(0, 64), limits_.path));
    }
    take_size(entry);
    take_owner(entry);
    entry_.mode = archive_entry_perm(entry) & 07777U;
    entry_.modified = {archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
    entry_.device = archive_entry_rdev(entry);
    take_attributes(entry);
  }

  void take_size(archive_entry* entry) {
    const la_int64_t size = archive_entry_size(entry);
    if (size < 0) refuse(fmt::format("{} has a negative size", entry_.path));
    if (entry_.type == Entry::Type::file) entry_.size = static_cast<std::uint64_t>(size);
    if (entry_.size > limits_.bytes - bytes_) {
      refuse(fmt::format("it unpacks to more than {}", base::human_bytes(limits_.bytes)));
    }
    bytes_ += entry_.size;
  }

  void take_owner(archive_entry* entry) {
    // The last value means "unchanged" to chown().
    constexpr la_int64_t largest = std::numeric_limits<uid_t>::max() - 1;
    const la_int64_t user = archive_entry_uid(entry);
    const la_int64_t group = archive_entry_gid(entry);
    if (user < 0 || user > largest || group < 0 || group > largest) {
      refuse(fmt::format("{} has no valid owner", entry_.path));
    }
    entry_.user = static_cast<uid_t>(user);
    entry_.group = static_cast<gid_t>(group);
  }

  void take_attributes(archive_entry* entry) {
    if (static_cast<std::size_t>(archive_entry_xattr_count(entry)) > limits_.attributes) {
      refuse(fmt::format("{} has more than {} extended attributes", entry_.path, limits_.attributes));
    }
    archive_entry_xattr_reset(entry);
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
      entry_.attributes[text_of(name)] = std::string(static_cast<const char*>(value), size);
    }
  }

  Input& input_;
  std::string name_;
  Limits limits_;
  std::vector<char> buffer_;
  std::exception_ptr failure_;
  Entry entry_;
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
  std::unique_ptr<libarchive_handle, Deleter> handle_;
};

Reader::Reader(Input& input, std::string name, const Limits& limits)
    : implementation_(std::make_unique<Implementation>(input, std::move(name), limits)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
const Entry* Reader::next() { return implementation_->next(); }
bool Reader::read(Block& block) { return implementation_->read(block); }
const std::string& Reader::name() const { return implementation_->name(); }

}  // namespace archive
