// A configuration file: what is read and written again is read as the same, and a value that is set comes back whole.
#include <string>

#include "fuzz/fuzzing.hpp"
#include "git/configuration.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::text_of(data, size));
  fuzz::answers([&] {
    const auto read = git::Configuration::parse(text, "a file");
    const auto again = git::Configuration::parse(read.text(), "what was written");
    fuzz::require(again.text() == read.text(), "what is written is read as it was");
  });
  // NUL ends a value for whoever reads it, so nobody may set one.
  const auto value = text.substr(0, text.find('\0'));
  fuzz::answers([&] {
    git::Configuration configuration;
    configuration.set("core.worktree", value);
    const auto again = git::Configuration::parse(configuration.text(), "what was written");
    fuzz::require(again.get("core.worktree") == value, "a value comes back whole");
    fuzz::require(again.text() == configuration.text(), "a value sets nothing else");
  });
  return 0;
}
