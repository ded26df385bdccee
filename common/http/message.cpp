#include "http/message.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <strings.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/regular_file.hpp"

namespace http {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

class TextBody final : public Body {
 public:
  explicit TextBody(std::string text) : text_(std::move(text)) {}
  std::uint64_t size() const override { return text_.size(); }
  void rewind(std::uint64_t offset) override { position_ = static_cast<std::size_t>(offset); }
  std::size_t read(char* buffer, std::size_t capacity) override {
    const std::size_t count = std::min(capacity, text_.size() - position_);
    std::memcpy(buffer, text_.data() + position_, count);
    position_ += count;
    return count;
  }

 private:
  std::string text_;
  std::size_t position_ = 0;
};

class FileBody final : public Body {
 public:
  FileBody(std::string path, std::uint64_t offset, std::uint64_t length)
      : path_(std::move(path)), file_(base::open_file(path_)), offset_(offset), length_(length) {}
  std::uint64_t size() const override { return length_; }
  void rewind(std::uint64_t offset) override { position_ = offset; }
  std::size_t read(char* buffer, std::size_t capacity) override {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(capacity, length_ - position_));
    if (wanted == 0) return 0;
    ssize_t count = 0;
    do count = pread(file_.get(), buffer, wanted, static_cast<off_t>(offset_ + position_));
    while (count < 0 && errno == EINTR);
    if (count < 0) throw base::system_error("read", path_, errno);
    if (count == 0) {
      throw base::Error(base::ErrorKind::internal, {"send", path_, "the file became shorter meanwhile", ""});
    }
    position_ += static_cast<std::uint64_t>(count);
    return static_cast<std::size_t>(count);
  }

 private:
  std::string path_;
  base::FileDescriptor file_;
  std::uint64_t offset_;
  std::uint64_t length_;
  std::uint64_t position_ = 0;
};

}  // namespace

void Headers::set(std::string_view name, std::string value) {
  remove(name);
  fields_.emplace_back(std::string(name), std::move(value));
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const auto& field) { return same_name(field.first, name); });
}

std::optional<std::string> Headers::get(std::string_view name) const {
  const auto found =
      std::find_if(fields_.begin(), fields_.end(), [&](const auto& field) { return same_name(field.first, name); });
  if (found == fields_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> Headers::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& field : fields_) {
    if (same_name(field.first, name)) values.push_back(field.second);
  }
  return values;
}

std::shared_ptr<Body> text_body(std::string text) { return std::make_shared<TextBody>(std::move(text)); }

std::shared_ptr<Body> file_body(const std::string& path, std::uint64_t offset, std::uint64_t length) {
  return std::make_shared<FileBody>(path, offset, length);
}

std::string_view name_of(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::delete_:
      return "DELETE";
  }
  return "";
}

bool is_idempotent(Method method) { return method != Method::post && method != Method::patch; }

}  // namespace http
