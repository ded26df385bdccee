#include "archive/gzip_writer.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <fcntl.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "base/error.hpp"
#include "base/file_descriptor.hpp"
#include "base/termination.hpp"
#include "base/write_all.hpp"

namespace archive {
namespace {

constexpr std::size_t block_size = 1UL << 20U;
// igzip's level 1 is about five times as fast as zlib's 6 and a tenth larger (measured on application layers).
constexpr std::uint32_t level = 1;
// Magic, deflate, no flags, no time, no extra flags, unknown system: nothing that could differ between two runs.
constexpr std::array<char, 10> header{'\x1f', '\x8b', '\x08', 0, 0, 0, 0, 0, 0, '\xff'};
// An empty last block with fixed codes: ends a stream of blocks that are all "not the last".
constexpr std::array<char, 2> last_block{'\x03', 0};

std::string compress_block(const std::string& input) {
  // A block that cannot be made smaller grows by 5 bytes for each 64 KiB, and by the flush at its end.
  std::string output(input.size() + input.size() / 1024 + 1024, '\0');
  std::vector<std::uint8_t> level_buffer(ISAL_DEF_LVL1_DEFAULT);
  struct isal_zstream stream {};
  isal_deflate_stateless_init(&stream);
  stream.level = level;
  stream.level_buf = level_buffer.data();
  stream.level_buf_size = static_cast<std::uint32_t>(level_buffer.size());
  stream.flush = FULL_FLUSH;
  stream.end_of_stream = 0;
  // The C interface lacks const; it does not write.
  stream.next_in = const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(input.data()));  // NOLINT
  stream.avail_in = static_cast<std::uint32_t>(input.size());
  stream.next_out = reinterpret_cast<std::uint8_t*>(output.data());  // NOLINT
  stream.avail_out = static_cast<std::uint32_t>(output.size());
  if (isal_deflate_stateless(&stream) != COMP_OK || stream.avail_in != 0) {
    throw base::Error(base::ErrorKind::internal, {"compress", "a layer", "the compressor failed", ""});
  }
  output.resize(stream.total_out);
  return output;
}

std::string little_endian(std::uint32_t value) {
  std::string result;
  for (unsigned shift = 0; shift < 32; shift += 8) result += static_cast<char>((value >> shift) & 0xFFU);
  return result;
}

}  // namespace

class GzipWriter::Implementation {
 public:
  Implementation(CompressionPool& pool, std::filesystem::path path)
      : workers_(pool.workers()),
        path_(std::move(path)),
        file_(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {
    if (!file_) throw base::system_error("create", path_.string(), errno);
    emit({header.data(), header.size()});
    block_.reserve(block_size);
  }

  void write(std::string_view bytes) {
    content_hash_.update(bytes);
    content_size_ += bytes.size();
    crc_ = crc32_gzip_refl(crc_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());  // NOLINT
    while (!bytes.empty()) {
      const auto count = std::min(bytes.size(), block_size - block_.size());
      block_ += bytes.substr(0, count);
      bytes.remove_prefix(count);
      if (block_.size() == block_size) submit();
    }
  }

  CompressedFile finish() {
    if (!block_.empty()) submit();
    while (!waiting_.empty()) drain_one();
    emit({last_block.data(), last_block.size()});
    emit(little_endian(crc_));
    emit(little_endian(static_cast<std::uint32_t>(content_size_)));  // modulo 2^32, RFC 1952, 2.3.1
    file_.reset();
    return {path_, content_hash_.finish(), content_size_, file_hash_.finish(), file_size_};
  }

 private:
  void submit() {
    base::throw_if_terminated();
    // Enough to keep every thread busy, few enough to keep the memory small.
    while (waiting_.size() >= 2UL * workers_.width()) drain_one();
    waiting_.push_back(workers_.submit([block = std::move(block_)] { return compress_block(block); }));
    block_ = std::string();
    block_.reserve(block_size);
  }

  void drain_one() {
    const auto compressed = waiting_.front().get();
    waiting_.pop_front();
    emit(compressed);
  }

  void emit(std::string_view bytes) {
    file_hash_.update(bytes);
    file_size_ += bytes.size();
    base::write_all(file_.get(), bytes, path_);
  }

  base::Workers& workers_;
  std::filesystem::path path_;
  base::FileDescriptor file_;
  base::Sha256 content_hash_;
  base::Sha256 file_hash_;
  std::uint64_t content_size_ = 0;
  std::uint64_t file_size_ = 0;
  std::uint32_t crc_ = 0;
  std::string block_;
  std::deque<base::Pending<std::string>> waiting_;
};

GzipWriter::GzipWriter(CompressionPool& pool, std::filesystem::path path)
    : implementation_(std::make_unique<Implementation>(pool, std::move(path))) {}
GzipWriter::~GzipWriter() = default;
void GzipWriter::write(std::string_view bytes) { implementation_->write(bytes); }
CompressedFile GzipWriter::finish() { return implementation_->finish(); }

}  // namespace archive
