#include "base/write_all.hpp"

#include <cerrno>
#include <unistd.h>

#include "base/error.hpp"

namespace base {

void write_all(int descriptor, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t count = write(descriptor, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("write", path.string(), errno);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace base
