// Pointers of Git LFS, the answers of its batch API, and what a host says of it over ssh. The first byte says which.
#include <string>

#include "fuzz/fuzzing.hpp"
#include "git/lfs.hpp"
#include "git/lfs_server.hpp"

namespace {

const git::LfsFile& known_file() {
  static const git::LfsFile file{
      "a file",
      *git::parse_lfs_pointer("version https://git-lfs.github.com/spec/v1\n"
                              "oid sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nsize 7\n")};
  return file;
}

void read_pointer(std::string_view text) {
  const auto pointer = git::parse_lfs_pointer(text);
  if (!pointer) return;
  fuzz::require(text.size() <= git::largest_lfs_pointer, "a pointer is short");
  fuzz::require(pointer->digest.hex().size() == 64, "a pointer names a sha256");
  // What is asked for goes into JSON and names a file.
  fuzz::require(pointer->digest.hex().find_first_not_of("0123456789abcdef") == std::string_view::npos,
                "in hexadecimal");
  fuzz::answers([&] { static_cast<void>(git::lfs_batch_request({{"a file", *pointer}})); });
}

void read_batch(std::string_view text) {
  fuzz::answers([&] {
    const auto downloads =
        git::parse_lfs_batch(text, {known_file()}, base::WallTime{std::chrono::seconds(1'700'000'000)}, {});
    fuzz::require(downloads.size() == 1 && downloads.front().file.pointer == known_file().pointer,
                  "what was asked for is answered");
    for (const auto& [name, value] : downloads.front().headers) {
      fuzz::require((name + value).find_first_of("\r\n") == std::string::npos, "no header holds another");
    }
  });
}

void read_authentication(std::string_view text) {
  fuzz::answers([&] {
    const auto server = git::parse_lfs_authentication(text);
    fuzz::require(server.url.origin.scheme == "https" || server.url.origin.scheme == "http", "it is asked by http(s)");
    for (const auto& [name, value] : server.headers) {
      fuzz::require((name + value).find_first_of("\r\n") == std::string::npos, "no header holds another");
    }
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto text = fuzz::text_of(data + 1, size - 1);
  if (data[0] == 'a') {
    read_authentication(text);
  } else if (data[0] % 2 == 0) {
    read_pointer(text);
  } else {
    read_batch(text);
  }
  return 0;
}
