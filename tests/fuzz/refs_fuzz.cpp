// Lines of a ref list, and names: what is taken can be stored, and is what the line says.
#include <string>

#include "fuzz/fuzzing.hpp"
#include "git/protocol.hpp"
#include "git/refs.hpp"

namespace {

void check_name(std::string_view name) {
  if (!git::is_valid_ref_name(name)) return;
  fuzz::require(name == "HEAD" || name.starts_with("refs/"), "a name is HEAD or below refs/");
  fuzz::require(name.find("..") == std::string_view::npos, "no name climbs");
  fuzz::require(base::printable(name, 8192).find_first_of("\n\r\x1b") == std::string::npos,
                "no name drives a terminal");
  for (const char c : name) fuzz::require(static_cast<unsigned char>(c) > 0x20 && c != 0x7F, "no name has controls");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  check_name(text);
  git::RefsReader reader;
  reader.restart();
  std::string_view rest = text;
  fuzz::answers([&] {
    while (!rest.empty()) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (const auto ref = git::parse_ref_line(line)) {
        check_name(ref->name);
        fuzz::require(git::is_valid_ref_name(ref->name), "what is taken is valid");
        fuzz::require(line.substr(0, 40) == ref->id.text(), "a ref names the object that its line begins with");
        if (ref->symbolic_target) fuzz::require(git::is_valid_ref_name(*ref->symbolic_target), "a target is valid");
      }
      reader.receive({git::PacketKind::data, line});
    }
    reader.receive({git::PacketKind::flush, {}});
    for (const auto& ref : reader.take()) check_name(ref.name);
  });
  return 0;
}
