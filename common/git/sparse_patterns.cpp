#include "git/sparse_patterns.hpp"

#include <algorithm>

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

bool SparsePatterns::Pattern::matches(std::string_view path, bool is_directory) const {
  if (directories_only && !is_directory) return false;
  return wildmatch(text, anchored ? path : path.substr(path.rfind('/') + 1), Slashes::special);
}

bool SparsePatterns::chooses(std::string_view path) const {
  bool chosen = false;
  // From the top down: what a directory's own patterns say holds for what is in it, until something else matches.
  for (std::size_t end = path.find('/');; end = path.find('/', end + 1)) {
    const bool is_directory = end != std::string_view::npos;
    const auto deciding = std::find_if(patterns_.rbegin(), patterns_.rend(), [&](const Pattern& pattern) {
      return pattern.matches(path.substr(0, end), is_directory);
    });
    if (deciding != patterns_.rend()) chosen = !deciding->negated;
    if (!is_directory) return chosen;
  }
}

std::vector<std::string> SparsePatterns::without_match(const std::vector<std::string_view>& paths) const {
  const auto is_met = [](const Pattern& pattern, std::string_view path) {
    for (std::size_t end = path.find('/'); end != std::string_view::npos; end = path.find('/', end + 1)) {
      if (pattern.matches(path.substr(0, end), true)) return true;
    }
    return pattern.matches(path, false);
  };
  std::vector<std::string> result;
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    const bool met = std::any_of(paths.begin(), paths.end(), [&](auto path) { return is_met(patterns_[i], path); });
    if (!met) result.push_back(lines_[i]);
  }
  return result;
}

std::string SparsePatterns::text() const {
  std::string result;
  for (const auto& line : lines_) result += line + "\n";
  return result;
}

}  // namespace git
