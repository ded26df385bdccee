// What every fuzzer shares. A fuzzer is one file, <name>_fuzz.cpp, with a LLVMFuzzerTestOneInput, and a folder
// corpus/<name>. GCC plays the corpus as a test (play_corpus.cpp); clang searches for more (scripts/fuzz).
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/error.hpp"

namespace fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};  // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast)
}

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// An Error is an answer; any other exception, and whatever the sanitizers see, is a fault. True when there was none.
template <class Function>
bool answers(Function&& function) {
  try {
    function();
    return true;
  } catch (const base::Error& error) {
    require(error.kind() != base::ErrorKind::internal, "what comes from outside is not an internal error");
    return false;
  }
}

}  // namespace fuzz

// The name is libFuzzer's. NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
