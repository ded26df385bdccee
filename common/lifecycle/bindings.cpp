#include "lifecycle/bindings.hpp"

#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/presence.hpp"

namespace lifecycle {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr std::uint64_t largest_entry = 1ULL << 20U;  // a Kubernetes secret holds no more
constexpr std::size_t most_entries = 1000;
constexpr std::size_t longest_name = 253;

}  // namespace

Binding read_binding(const std::string& name, const fs::path& directory, const std::string& field) {
  const auto fail = [&](std::string cause, std::string remedy) {
    throw Error(ErrorKind::usage, {"use " + field, directory.filename().string(), std::move(cause), std::move(remedy)});
  };
  Binding binding{name, {}};
  for (const auto& path : base::entries_if_exists(directory)) {
    const auto entry = path.filename().string();
    // "..data" and the like are how Kubernetes swaps a projected volume.
    if (entry.starts_with(".") || !base::is_regular_file(path)) continue;
    // A link of an input may lead anywhere on this machine: it may not leave the directory.
    const auto inside = fs::canonical(path).lexically_relative(fs::canonical(directory));
    if (inside.empty() || *inside.begin() == "..")
      fail(fmt::format("{} leads out of it", entry), "give the file itself");
    if (const auto flaw = flaw_of_binding_name(entry)) fail(*flaw, "");
    binding.entries[entry] = base::read_file(path, largest_entry);
    if (binding.entries.size() > most_entries) fail(fmt::format("it has more than {} files", most_entries), "");
  }
  if (!binding.entries.contains("type")) {
    fail("it has no file type", "a binding says its type, such as maven, in a file of this name");
  }
  return binding;
}

std::optional<std::string> flaw_of_binding_name(const std::string& name) {
  const auto is_plain =
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == std::string::npos;
  if (name.empty() || name.size() > longest_name || !is_plain || name == "." || name == "..") {
    return fmt::format("\"{}\" is not a name of letters, digits, -, _ and .", base::printable(name));
  }
  return std::nullopt;
}

std::string fingerprint(const std::vector<Binding>& bindings) {
  std::string names;
  std::string values;
  for (const auto& binding : bindings) {
    names += (names.empty() ? "" : ", ") + binding.name;
    values += fmt::format("{}:{}\n", binding.name, binding.entries.size());
    for (const auto& [entry, value] : binding.entries) values += fmt::format("{}={}={}", entry, value.size(), value);
  }
  if (names.empty()) return "";
  return fmt::format("{} (values {})", names, base::stretched_digest(values).hex().substr(0, 16));
}

}  // namespace lifecycle
