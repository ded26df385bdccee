// Archives of docker save and OCI layouts in archives, as strangers make them: what is opened has its blobs where it
// says, and its manifest names each of them.
#include <sstream>
#include <sys/mman.h>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/write_all.hpp"
#include "fuzz/fuzzing.hpp"
#include "image/ready_made.hpp"

namespace {

void open(const std::filesystem::path& file) {
  const base::TemporaryDirectory scratch("fuzz", "/dev/shm");
  std::ostringstream text;
  base::Log log(text, base::Colour::off, base::system_clock());
  const auto image = image::open_ready_image(file, {"image.tar", scratch.path(), {}}, log);
  for (const auto& blob : image.blobs) {
    fuzz::require(blob.descriptor.size == blob.bytes.size, "a blob has the size that is said");
    fuzz::require(image::read_all(blob.bytes, 1ULL << 30U).size() == blob.bytes.size, "a blob is there");
    try {
      image::verify(blob, "image.tar");
    } catch (const base::Error& error) {
      fuzz::require(error.kind() == base::ErrorKind::usage, "what is wrong with a blob is said of params.image");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::FileDescriptor file(memfd_create("image.tar", MFD_CLOEXEC));
  base::write_all(file.get(), fuzz::text_of(data, size), "image.tar");
  fuzz::answers([&] { open("/proc/self/fd/" + std::to_string(file.get())); });
  return 0;
}
