#include "builds/secrets.hpp"

#include <algorithm>
#include <string_view>

namespace builds {
namespace {

constexpr std::size_t shortest_secret = 8;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") + 1 - first);
}

std::vector<NamedSecret> lines_of(const std::vector<NamedSecret>& secrets) {
  std::vector<NamedSecret> result;
  for (const auto& [name, value] : secrets) {
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto end = std::min(rest.find('\n'), rest.size());
      const auto line = trimmed(rest.substr(0, end));
      if (line.size() >= shortest_secret) result.push_back({name, std::string(line)});
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  // The longest first: a value that holds another one is masked whole.
  std::stable_sort(result.begin(), result.end(),
                   [](const auto& a, const auto& b) { return a.value.size() > b.value.size(); });
  return result;
}

}  // namespace

std::string masked(std::string text, const std::vector<NamedSecret>& secrets) {
  for (const auto& [name, value] : lines_of(secrets)) {
    const auto mask = "((" + name + "))";
    std::string result;
    std::size_t from = 0;
    for (auto at = text.find(value); at != std::string::npos; at = text.find(value, from)) {
      result.append(text, from, at - from).append(mask);
      from = at + value.size();
    }
    if (from > 0) text = result.append(text, from);
  }
  return text;
}

}  // namespace builds
