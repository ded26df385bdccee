#include "git/configuration.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "base/letters.hpp"
#include "git/config_text.hpp"

namespace git {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word_character(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; }
bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_word_character);
}

struct Name {
  std::string section;     // lower case
  std::string subsection;  // as it is written
  bool has_subsection = false;
  std::string key;  // lower case

  explicit Name(std::string_view text) {
    const auto first = std::min(text.find('.'), text.size());
    const auto last = text.rfind('.');
    section = base::lowered(text.substr(0, first));
    if (last == std::string_view::npos) return;
    has_subsection = last > first;
    if (has_subsection) subsection = text.substr(first + 1, last - first - 1);
    key = base::lowered(text.substr(last + 1));
  }

  [[nodiscard]] std::string text() const {
    return has_subsection ? fmt::format("{}.{}.{}", section, subsection, key) : fmt::format("{}.{}", section, key);
  }

  [[nodiscard]] std::string heading() const {
    if (!has_subsection) return fmt::format("[{}]\n", section);
    std::string escaped;
    for (const char c : subsection) {
      if (c == '"' || c == '\\') escaped += '\\';
      escaped += c;
    }
    return fmt::format("[{} \"{}\"]\n", section, escaped);
  }
};

// What needs no quotes, whoever reads it: everything else gets them.
bool is_plain(std::string_view value) {
  return !value.empty() && !value.starts_with(' ') && !value.ends_with(' ') &&
         std::all_of(value.begin(), value.end(), [](char c) {
           return is_word_character(c) ||
                  std::string_view(" _./:@+*=,~%^()[]{}<>!?&|$'").find(c) != std::string_view::npos;
         });
}

std::string in_quotes(std::string_view value) {
  if (is_plain(value)) return std::string(value);
  std::string text = "\"";
  for (const char c : value) {
    switch (c) {
      case '"':
      case '\\':
        text += '\\';
        text += c;
        break;
      case '\n':
        text += "\\n";
        break;
      case '\t':
        text += "\\t";
        break;
      case '\b':
        text += "\\b";
        break;
      default:
        text += c;
    }
  }
  return text + '"';
}

}  // namespace

Configuration Configuration::parse(const std::string& text, const std::string& object) {
  Configuration result;
  result.settings_ = read_config_text(text, object);
  return result;
}

bool Configuration::is_name(std::string_view text) {
  if (text.find('.') == std::string_view::npos ||
      text.find_first_of(std::string_view("\n\0", 2)) != std::string_view::npos) {
    return false;
  }
  const Name name(text);
  return is_word(name.section) && is_word(name.key) && is_letter(name.key.front());
}

std::optional<std::string> Configuration::get(std::string_view name) const {
  const auto found = std::find_if(settings_.rbegin(), settings_.rend(),
                                  [text = Name(name).text()](const auto& setting) { return setting.first == text; });
  return found == settings_.rend() ? std::nullopt : std::optional(found->second);
}

void Configuration::set(std::string_view name, std::string value) {
  remove(name);
  add(name, std::move(value));
}

void Configuration::add(std::string_view name, std::string value) {
  settings_.emplace_back(Name(name).text(), std::move(value));
}

void Configuration::remove(std::string_view name) {
  std::erase_if(settings_, [text = Name(name).text()](const auto& setting) { return setting.first == text; });
}

std::string Configuration::text() const {
  // Sections in the order in which they first come, each once.
  std::vector<std::string> headings;
  std::map<std::string, std::string> lines;
  for (const auto& [text, value] : settings_) {
    const Name name(text);
    const auto [section, added] = lines.try_emplace(name.heading());
    if (added) headings.push_back(section->first);
    section->second += fmt::format("\t{} = {}\n", name.key, in_quotes(value));
  }
  std::string result;
  for (const auto& heading : headings) result += heading + lines.at(heading);
  return result;
}

}  // namespace git
