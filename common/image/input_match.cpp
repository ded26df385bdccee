#include "image/input_match.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fnmatch.h>
#include <sstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/presence.hpp"

namespace image {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr std::uint64_t largest_list = 1ULL << 20U;

[[noreturn]] void refuse(const std::string& field, const std::string& text, std::string cause, std::string remedy) {
  throw Error(ErrorKind::usage, {"use " + field, text, std::move(cause), std::move(remedy)});
}

bool is_pattern(std::string_view name) { return name.find_first_of("*?[\\") != std::string_view::npos; }

// Below `folders`, what fits the next name of the pattern; relative paths, sorted.
std::vector<fs::path> next_level(const fs::path& root, const std::vector<fs::path>& folders, const std::string& name) {
  std::vector<fs::path> result;
  for (const auto& folder : folders) {
    if (!is_pattern(name)) {
      if (base::status_if_exists(root / folder / name)) result.push_back(folder / name);
      continue;
    }
    if (!base::is_directory(root / folder)) continue;
    for (const auto& entry : base::entries_if_exists(root / folder)) {
      const auto found = entry.filename().string();
      if (fnmatch(name.c_str(), found.c_str(), FNM_PATHNAME) == 0) result.push_back(folder / found);
    }
  }
  return result;
}

fs::path canonical_root(const fs::path& inputs) {
  std::error_code failed;
  auto root = fs::canonical(inputs, failed);
  if (failed) throw base::system_error("read", inputs.string(), failed.value());
  return root;
}

// A link to what is not there is refused, too.
fs::path inside(const fs::path& root, const fs::path& path, const std::string& field, const std::string& text) {
  std::error_code failed;
  auto found = fs::canonical(root / path, failed);
  if (failed) refuse(field, text, fmt::format("{} cannot be followed", path.string()), "check the put's inputs");
  const auto relative = found.lexically_relative(root);
  if (relative.empty() || *relative.begin() == "..") {
    refuse(field, text, fmt::format("{} leads out of the inputs", path.string()), "name a file of an input of the put");
  }
  return found;
}

void require_below(const std::string& text, const std::string& field, const char* example) {
  const fs::path path(text);
  const bool leaves = std::any_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".."; });
  if (leaves)
    refuse(field, text, "it leaves the inputs",
           fmt::format("name a file of an input of the put, as in {}: {}", field, example));
}

std::string shown(const std::vector<fs::path>& paths) {
  constexpr std::size_t most = 5;
  std::string result;
  for (std::size_t i = 0; i < std::min(paths.size(), most); ++i) result += (i == 0 ? "" : ", ") + paths[i].string();
  return paths.size() > most ? result + fmt::format(" and {} more", paths.size() - most) : result;
}

}  // namespace

InputMatch match_input(const fs::path& inputs, const std::string& pattern, const std::string& field) {
  require_below(pattern, field, "app/image.tar");
  const auto root = canonical_root(inputs);
  std::vector<fs::path> found{fs::path()};
  for (const auto& part : fs::path(pattern).relative_path()) {
    if (part.empty() || part == ".") continue;
    found = next_level(root, found, part.string());
  }
  if (found.empty()) {
    refuse(field, pattern, fmt::format("no files match glob '{}'", base::printable(pattern, 128)),
           "check the name, and that the step before writes it");
  }
  if (found.size() > 1) {
    refuse(field, pattern,
           fmt::format("too many files/directories match glob '{}': {}", base::printable(pattern, 128), shown(found)),
           "name one of them");
  }
  return {inside(root, found.front(), field, pattern), found.front().string()};
}

std::vector<std::string> words_of_input(const fs::path& inputs, const std::string& path, const std::string& field) {
  require_below(path, field, "version/tags");
  const auto root = canonical_root(inputs);
  const auto relative = fs::path(path).relative_path();
  if (!base::status_if_exists(root / relative)) {
    refuse(field, path, "there is no such file", "name a file of tags below the inputs, or give the tags as a list");
  }
  std::istringstream text(base::read_file(inside(root, relative, field, path), largest_list));
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(word);
  return words;
}

}  // namespace image
