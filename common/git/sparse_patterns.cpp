#include "git/sparse_patterns.hpp"

#include <optional>

#include "git/wildmatch.hpp"

namespace git {

SparsePatterns::SparsePatterns(const std::vector<std::string>& lines) {
  for (const auto& line : lines) {
    std::string_view text = line;
    if (text.empty() || text == "." || text.starts_with('#')) continue;
    lines_.push_back(line);
    Pattern pattern;
    if (text.starts_with('!')) {
      pattern.negated = true;
      text.remove_prefix(1);
    }
    if (text.ends_with('/')) {
      pattern.directories_only = true;
      text.remove_suffix(1);
    }
    pattern.anchored = text.find('/') != std::string_view::npos;
    if (text.starts_with('/')) text.remove_prefix(1);
    pattern.text = text;
    patterns_.push_back(std::move(pattern));
  }
}

bool SparsePatterns::chooses(std::string_view path) const {
  bool chosen = false;
  // From the top down: what a directory's own patterns say holds for what is in it, until something else matches.
  for (std::size_t end = path.find('/');; end = path.find('/', end + 1)) {
    const bool is_directory = end != std::string_view::npos;
    const auto part = path.substr(0, end);
    const auto name = part.substr(part.rfind('/') == std::string_view::npos ? 0 : part.rfind('/') + 1);
    for (auto pattern = patterns_.rbegin(); pattern != patterns_.rend(); ++pattern) {
      if (pattern->directories_only && !is_directory) continue;
      if (!wildmatch(pattern->text, pattern->anchored ? part : name, Slashes::special)) continue;
      chosen = !pattern->negated;
      break;
    }
    if (!is_directory) return chosen;
  }
}

std::string SparsePatterns::text() const {
  std::string result;
  for (const auto& line : lines_) result += line + "\n";
  return result;
}

}  // namespace git
