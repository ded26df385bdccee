#include "http/file_body.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.hpp"

namespace http {
namespace {

class FileBody final : public Body {
 public:
  FileBody(base::FileDescriptor file, std::string name, std::uint64_t offset, std::uint64_t length)
      : file_(std::move(file)), name_(std::move(name)), offset_(offset), length_(length) {}
  [[nodiscard]] std::uint64_t size() const override { return length_; }
  void rewind(std::uint64_t offset) override { position_ = offset; }
  [[nodiscard]] std::size_t read(char* buffer, std::size_t capacity) override {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(capacity, length_ - position_));
    if (wanted == 0) return 0;
    ssize_t count = 0;
    do count = pread(file_.get(), buffer, wanted, static_cast<off_t>(offset_ + position_));
    while (count < 0 && errno == EINTR);
    if (count < 0) throw base::system_error("read", name_, errno);
    if (count == 0) {
      throw base::Error(base::ErrorKind::internal, {"send", name_, "the file became shorter meanwhile", ""});
    }
    position_ += static_cast<std::uint64_t>(count);
    return static_cast<std::size_t>(count);
  }

 private:
  base::FileDescriptor file_;
  std::string name_;
  std::uint64_t offset_;
  std::uint64_t length_;
  std::uint64_t position_ = 0;
};

}  // namespace

std::shared_ptr<Body> file_body(const std::string& path, std::uint64_t offset, std::uint64_t length) {
  base::FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw base::system_error("read", path, errno);
  return std::make_shared<FileBody>(std::move(file), path, offset, length);
}

std::shared_ptr<Body> file_body(base::FileDescriptor file, std::string name, std::uint64_t length) {
  return std::make_shared<FileBody>(std::move(file), std::move(name), 0, length);
}

}  // namespace http
