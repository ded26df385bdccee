#include "packages/package_list.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace packages {
namespace {

constexpr std::size_t most_packages = 50'000;
constexpr std::size_t longest_word = 200;

// Names and versions are words of a narrow alphabet (deb-version(7), Debian Policy 5.6.7). They end up in logs and
// pages.
bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= longest_word && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("+-.:~_").find(c) != std::string_view::npos;
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

struct Package {
  std::string_view name;
  std::string_view version;
  std::string_view architecture;
  bool installed = true;
};

// A name is there twice where two architectures are installed side by side (multiarch): both get their architecture.
class Collector {
 public:
  explicit Collector(List& list) : list_(list) {}

  void add(const Package& package) {
    if (!package.installed || !is_word(package.name) || !is_word(package.version)) return;
    if (list_.size() >= most_packages) return;
    std::string name(package.name);
    const auto known = architectures_.find(name);
    if (known == architectures_.end()) {
      architectures_[name] = std::string(package.architecture);
      list_[name] = std::string(package.version);
      return;
    }
    if (known->second != package.architecture && is_word(package.architecture)) {
      name += ":" + std::string(package.architecture);
    }
    list_[name] = std::string(package.version);
  }

 private:
  List& list_;
  std::map<std::string, std::string> architectures_;
};

template <class Take>
void for_each_line(std::string_view text, const Take& take) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// Packages are described one below the other, with an empty line between; `take` is given each line of one.
template <class Take>
void collect(std::string_view database, List& list, const Take& take) {
  Collector collector(list);
  Package package;
  const auto flush = [&] {
    collector.add(package);
    package = {};
  };
  for_each_line(database, [&](std::string_view line) {
    if (trimmed(line).empty()) return flush();
    take(line, package);
  });
  flush();
}

// "install ok installed": the third word is what is (dpkg-query(1)).
bool says_installed(std::string_view status) { return trimmed(status).ends_with(" installed"); }

}  // namespace

void add_dpkg(std::string_view database, List& list) {
  collect(database, list, [](std::string_view line, Package& package) {
    const auto colon = line.find(':');
    if (line.front() == ' ' || line.front() == '\t' || colon == std::string_view::npos) return;
    const auto field = line.substr(0, colon);
    const auto value = trimmed(line.substr(colon + 1));
    if (field == "Package") package.name = value;
    if (field == "Version") package.version = value;
    if (field == "Architecture") package.architecture = value;
    if (field == "Status") package.installed = says_installed(value);
  });
}

void add_apk(std::string_view database, List& list) {
  collect(database, list, [](std::string_view line, Package& package) {
    if (line.size() < 2 || line[1] != ':') return;
    if (line[0] == 'P') package.name = trimmed(line.substr(2));
    if (line[0] == 'V') package.version = trimmed(line.substr(2));
  });
}

Difference compare(const List& before, const List& now) {
  Difference result;
  for (const auto& [name, version] : before) {
    const auto found = now.find(name);
    if (found == now.end()) {
      result.removed.push_back({name, version, ""});
    } else if (found->second != version) {
      result.changed.push_back({name, version, found->second});
    }
  }
  for (const auto& [name, version] : now) {
    if (!before.contains(name)) result.added.push_back({name, "", version});
  }
  return result;
}

std::vector<std::string> lines_of(const Difference& difference) {
  std::vector<std::string> result;
  for (const auto& [name, before, now] : difference.changed) {
    result.push_back(fmt::format("{} {} -> {}", name, before, now));
  }
  for (const auto& [name, before, now] : difference.added) result.push_back(fmt::format("added {} {}", name, now));
  for (const auto& [name, before, now] : difference.removed) {
    result.push_back(fmt::format("removed {} {}", name, before));
  }
  return result;
}

std::string summary_of(const Difference& difference, std::size_t most) {
  const auto lines = lines_of(difference);
  std::string result;
  for (std::size_t i = 0; i < std::min(most, lines.size()); ++i) result += (i == 0 ? "" : ", ") + lines[i];
  if (lines.size() > most) result += fmt::format(" and {} more", lines.size() - most);
  return result;
}

}  // namespace packages
