#include "archive/input.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <isa-l/igzip_lib.h>
#include <unistd.h>
#include <vector>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/error.hpp"
#include "base/regular_file.hpp"

namespace archive {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t buffer_size = 256UL * 1024;

class FileInput final : public Input {
 public:
  explicit FileInput(const std::filesystem::path& path) : path_(path), file_(base::open_file(path)) {}
  std::size_t read(char* buffer, std::size_t capacity) override {
    return base::read_some(file_, buffer, capacity, path_);
  }

 private:
  std::filesystem::path path_;
  base::FileDescriptor file_;
};

class TextInput final : public Input {
 public:
  explicit TextInput(std::string text) : text_(std::move(text)) {}
  std::size_t read(char* buffer, std::size_t capacity) override {
    const std::size_t count = text_.copy(buffer, capacity, position_);
    position_ += count;
    return count;
  }

 private:
  std::string text_;
  std::size_t position_ = 0;
};

// Another input with a look at what comes next.
class BufferedInput {
 public:
  explicit BufferedInput(std::unique_ptr<Input> inner) : inner_(std::move(inner)), buffer_(buffer_size) {}

  // What is there, at least one byte unless the input has ended.
  std::string_view peek() {
    if (left_.empty()) left_ = inner_->piece(buffer_);
    return left_;
  }
  // At least `count` bytes unless the input ends before.
  std::string_view peek(std::size_t count) {
    if (peek().size() < count) gather(count);
    return left_;
  }
  void consume(std::size_t count) { left_.remove_prefix(count); }

 private:
  // Two pieces as one: of a few bytes, where they meet.
  void gather(std::size_t count) {
    std::memmove(buffer_.data(), left_.data(), left_.size());
    std::size_t size = left_.size();
    while (size < count) {
      const std::size_t got = inner_->read(buffer_.data() + size, count - size);
      if (got == 0) break;
      size += got;
    }
    left_ = {buffer_.data(), size};
  }

  std::unique_ptr<Input> inner_;
  std::vector<char> buffer_;
  std::string_view left_;
};

constexpr std::string_view gzip_magic = "\x1f\x8b";
constexpr std::string_view zstd_magic = "\x28\xb5\x2f\xfd";

// A stream may begin with frames that are skipped (RFC 8878, 3.1.2): magic numbers from 0x184D2A50 to 0x184D2A5F.
bool is_zstd(std::string_view start) {
  if (start.starts_with(zstd_magic)) return true;
  return start.size() >= 4 && (static_cast<unsigned char>(start[0]) & 0xf0U) == 0x50 &&
         start.substr(1, 3) == "\x2a\x4d\x18";
}

[[noreturn]] void broken(const std::string& name, std::string cause) {
  throw Error(ErrorKind::protocol, {"decompress", name, std::move(cause), ""});
}

class PlainInput final : public Input {
 public:
  explicit PlainInput(BufferedInput inner) : inner_(std::move(inner)) {}
  std::size_t read(char* buffer, std::size_t capacity) override {
    const std::size_t count = inner_.peek().copy(buffer, capacity);
    inner_.consume(count);
    return count;
  }

 private:
  BufferedInput inner_;
};

class GzipInput final : public Input {
 public:
  GzipInput(BufferedInput inner, std::string name)
      : inner_(std::move(inner)), name_(std::move(name)), state_(std::make_unique<inflate_state>()) {
    start_member();
  }

  std::size_t read(char* buffer, std::size_t capacity) override {
    while (!ended_) {
      const std::size_t count = inflate(buffer, std::min<std::size_t>(capacity, 1UL << 30U));
      if (state_->block_state == ISAL_BLOCK_FINISH) end_member();
      if (count > 0) return count;
    }
    return 0;
  }

 private:
  void start_member() {
    isal_inflate_init(state_.get());
    state_->crc_flag = ISAL_GZIP;  // headers are read, and the checksum and length at the end compared
  }

  std::size_t inflate(char* buffer, std::size_t capacity) {
    const std::string_view input = inner_.peek();
    // The C interface lacks const; it does not write.
    state_->next_in = const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(input.data()));  // NOLINT
    state_->avail_in = static_cast<std::uint32_t>(input.size());
    state_->next_out = reinterpret_cast<std::uint8_t*>(buffer);  // NOLINT
    state_->avail_out = static_cast<std::uint32_t>(capacity);
    const int code = isal_inflate(state_.get());
    const std::size_t produced = capacity - state_->avail_out;
    const std::size_t consumed = input.size() - state_->avail_in;
    inner_.consume(consumed);
    if (code < 0) broken(name_, fmt::format("the gzip stream is broken (ISA-L code {})", code));
    const bool stuck = produced == 0 && consumed == 0 && state_->block_state != ISAL_BLOCK_FINISH;
    if (stuck) broken(name_, input.empty() ? "the gzip stream is cut" : "the gzip stream is broken");
    return produced;
  }

  // Members may follow each other (RFC 1952, 2.2); zeros after the last one are padding of tapes.
  void end_member() {
    std::string_view rest = inner_.peek(gzip_magic.size());
    if (rest.starts_with(gzip_magic)) return start_member();
    for (; !rest.empty(); rest = inner_.peek()) {
      if (rest.find_first_not_of('\0') != std::string_view::npos) broken(name_, "other bytes follow the gzip stream");
      inner_.consume(rest.size());
    }
    ended_ = true;
  }

  BufferedInput inner_;
  std::string name_;
  std::unique_ptr<inflate_state> state_;
  bool ended_ = false;
};

class ZstdInput final : public Input {
 public:
  ZstdInput(BufferedInput inner, std::string name)
      : inner_(std::move(inner)), name_(std::move(name)), stream_(ZSTD_createDStream()) {
    if (!stream_) throw Error(ErrorKind::internal, {"decompress", name_, "out of memory", ""});
  }

  std::size_t read(char* buffer, std::size_t capacity) override {
    ZSTD_outBuffer output{buffer, capacity, 0};
    while (output.pos == 0) {
      const std::string_view bytes = inner_.peek();
      ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
      if (bytes.empty() && frame_complete_) return 0;
      const std::size_t code = ZSTD_decompressStream(stream_.get(), &output, &input);
      if (ZSTD_isError(code) != 0) refuse(code);
      frame_complete_ = code == 0;
      inner_.consume(input.pos);
      if (bytes.empty() && output.pos == 0 && !frame_complete_) broken(name_, "the zstd stream is cut");
    }
    return output.pos;
  }

 private:
  [[noreturn]] void refuse(std::size_t code) const {
    // Whoever decompresses must have the whole window in memory; zstd's own programs have the same bound.
    if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge) {
      throw Error(ErrorKind::protocol, {"decompress", name_, "its zstd window is larger than 128 MB",
                                        "compress it with a smaller one (zstd --long=27 at most)"});
    }
    broken(name_, fmt::format("the zstd stream is broken: {}", ZSTD_getErrorName(code)));
  }

  struct Deleter {
    void operator()(ZSTD_DStream* stream) const noexcept { ZSTD_freeDStream(stream); }
  };
  BufferedInput inner_;
  std::string name_;
  std::unique_ptr<ZSTD_DStream, Deleter> stream_;
  bool frame_complete_ = true;
};

}  // namespace

std::unique_ptr<Input> file_input(const std::filesystem::path& path) { return std::make_unique<FileInput>(path); }
std::unique_ptr<Input> text_input(std::string text) { return std::make_unique<TextInput>(std::move(text)); }

std::unique_ptr<Input> decompressing(std::unique_ptr<Input> inner, std::string name) {
  BufferedInput buffered(std::move(inner));
  const std::string_view start = buffered.peek(zstd_magic.size());
  if (start.starts_with(gzip_magic)) return std::make_unique<GzipInput>(std::move(buffered), std::move(name));
  if (is_zstd(start)) return std::make_unique<ZstdInput>(std::move(buffered), std::move(name));
  return std::make_unique<PlainInput>(std::move(buffered));
}

std::size_t HashingInput::read(char* buffer, std::size_t capacity) {
  const std::size_t count = inner_->read(buffer, capacity);
  hash_.update(std::string_view(buffer, count));
  return count;
}

std::string_view HashingInput::piece(std::span<char> room) {
  const std::string_view bytes = inner_->piece(room);
  hash_.update(bytes);
  return bytes;
}

base::Digest HashingInput::finish(std::uint64_t limit) {
  drain(*this, limit);
  return hash_.finish();
}

void drain(Input& input, std::uint64_t limit) {
  std::vector<char> room(buffer_size);
  std::uint64_t left = 0;
  for (auto bytes = input.piece(room); !bytes.empty(); bytes = input.piece(room)) {
    left += bytes.size();
    if (left > limit) {
      throw Error(ErrorKind::protocol, {"read", "an archive", "too much follows its end", ""});
    }
  }
}

}  // namespace archive
