// Plays a corpus once, for compilers that have no libFuzzer: fuzz_<name> FILE_OR_DIRECTORY...
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/fuzzing.hpp"

int main(int argc, char** argv) {
  std::size_t played = 0;
  const auto play = [&](const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    std::cerr << path.string() << ": " << content.size() << " bytes\n";
    // A copy of exactly its size, so that a read beyond the end is seen.
    const std::vector<std::uint8_t> bytes(content.begin(), content.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    ++played;
  };
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      play(argv[i]);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) play(entry.path());
  }
  if (played == 0) std::cerr << "play_corpus: no files\n";
  return played == 0 ? 1 : 0;
}
