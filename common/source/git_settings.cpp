#include "source/git_settings.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/letters.hpp"
#include "source/source.hpp"

namespace source {
namespace {

// "section.subsection.key": the outer two are of any case, and a subsection may have dots.
struct Name {
  std::string section;
  std::string_view subsection;
  std::string key;

  explicit Name(std::string_view text) {
    const auto first = std::min(text.find('.'), text.size());
    const auto last = text.rfind('.');
    section = base::lowered(text.substr(0, first));
    if (last == std::string_view::npos) return;
    if (last > first) subsection = text.substr(first + 1, last - first - 1);
    key = base::lowered(text.substr(last + 1));
  }

  [[nodiscard]] bool is_replacement() const { return section == "url" && key == "insteadof"; }
  [[nodiscard]] bool is_header() const { return section == "http" && key == "extraheader"; }
  [[nodiscard]] bool is_verification() const { return section == "http" && key == "sslverify"; }
};

bool is_false(std::string_view value) {
  const auto text = base::lowered(value);
  return text == "false" || text == "no" || text == "off" || text == "0";
}

std::pair<std::string, std::string> header_of(const std::string& value, const std::string& field) {
  const auto colon = value.find(':');
  const bool has_controls =
      std::any_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (colon == 0 || colon == std::string::npos || has_controls) {
    json::wrong_value(field, "it is not a header field", "write it as Name: value");
  }
  const auto begin = value.find_first_not_of(' ', colon + 1);
  return {value.substr(0, colon), begin == std::string::npos ? "" : value.substr(begin)};
}

// What else would change how the git program reaches a repository.
std::optional<std::string> instead_of(const Name& name) {
  if (name.section == "credential") return "source.username and source.password";
  if (name.section == "core" && name.key == "sshcommand") return "source.private_key and source.known_hosts";
  if (name.section != "http") return std::nullopt;
  if (name.key == "proxy") return "source.https_tunnel or the worker's https_proxy";
  constexpr std::array<std::string_view, 5> files{"sslcainfo", "sslcapath", "sslcert", "sslkey", "cookiefile"};
  if (std::find(files.begin(), files.end(), name.key) != files.end()) return "source.ca_certs";
  return std::nullopt;
}

}  // namespace

template <class T>
bool GitSettings::Scoped<T>::covers(const http::Url& url) const {
  if (!address) return true;
  if (address->origin != url.origin || !url.path.starts_with(address->path)) return false;
  return address->path.ends_with('/') || url.path.size() == address->path.size() ||
         url.path[address->path.size()] == '/';
}

GitSettings GitSettings::parse(const std::vector<GitConfigFields>& fields) {
  GitSettings result;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Name name(fields[i].name);
    const std::string& value = fields[i].value;
    const std::string field = fmt::format("source.git_config[{}]", i);
    std::optional<http::Url> address;
    if ((name.is_header() || name.is_verification()) && !name.subsection.empty()) {
      address = http::Url::parse(name.subsection);
      if (!address)
        json::wrong_value(field + ".name", fmt::format("\"{}\" is not an http(s) address", name.subsection));
    }
    if (name.is_replacement() && !value.empty()) {
      result.replacements_.push_back({value, std::string(name.subsection)});
    } else if (name.is_verification()) {
      result.verification_.push_back({address, !is_false(value)});
    } else if (name.is_header() && value.empty()) {
      result.headers_.clear();  // as git has it: those before do not count
    } else if (name.is_header()) {
      result.headers_.push_back({address, header_of(value, field + ".value")});
    } else if (auto instead = instead_of(name)) {
      result.without_effect_.emplace_back(fields[i].name, *std::move(instead));
    }
  }
  return result;
}

bool GitSettings::is_list(std::string_view text) {
  const Name name(text);
  return name.is_replacement() || name.is_header();
}

std::string GitSettings::rewritten(const std::string& address) const {
  const Replacement* best = nullptr;
  for (const auto& one : replacements_) {
    if (address.starts_with(one.prefix) && (best == nullptr || one.prefix.size() > best->prefix.size())) best = &one;
  }
  return best == nullptr ? address : best->base + address.substr(best->prefix.size());
}

std::vector<std::pair<std::string, std::string>> GitSettings::headers_for(const http::Url& repository) const {
  std::vector<std::pair<std::string, std::string>> result;
  for (const auto& header : headers_) {
    if (header.covers(repository)) result.push_back(header.value);
  }
  return result;
}

std::vector<std::string> GitSettings::header_values() const {
  std::vector<std::string> result;
  for (const auto& header : headers_) result.push_back(header.value.second);
  return result;
}

std::optional<bool> GitSettings::verifies(const http::Url& repository) const {
  std::optional<bool> result;
  std::size_t most_specific = 0;
  for (const auto& one : verification_) {
    const std::size_t length = one.address ? one.address->path.size() + 1 : 0;
    if (!one.covers(repository) || length < most_specific) continue;
    most_specific = length;
    result = one.value;
  }
  return result;
}

}  // namespace source
