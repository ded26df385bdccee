#include "git/refs.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t longest_name = 4096;
constexpr std::string_view peeled_attribute = "peeled:";
constexpr std::string_view symref_attribute = "symref-target:";

std::string_view next_word(std::string_view& text) {
  const auto blank = text.find(' ');
  const auto word = text.substr(0, blank);
  text = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
  return word;
}

bool is_valid_component(std::string_view component) {
  return !component.empty() && !component.starts_with('.') && !component.ends_with(".lock") &&
         component.find("..") == std::string_view::npos;
}

ObjectId parse_id(std::string_view text, std::string_view line) {
  if (looks_like_sha256(text)) {
    throw Error(ErrorKind::usage, {"read", "the refs of the repository", "its object names are SHA-256",
                                   "use a repository with SHA-1 names: no other kind is supported"});
  }
  if (const auto id = ObjectId::parse(text)) return *id;
  throw Error(ErrorKind::protocol,
              {"read", "the refs of the repository", fmt::format("\"{}\" is not a line of a ref list", line), ""});
}

}  // namespace

bool is_valid_ref_name(std::string_view name) {
  if (name.empty() || name.size() > longest_name || name.ends_with('.') || name == "@") return false;
  const auto forbidden = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F || std::string_view("~^:?*[\\").find(c) != std::string_view::npos;
  };
  if (std::any_of(name.begin(), name.end(), forbidden) || name.find("@{") != std::string_view::npos) return false;
  if (name.find('/') == std::string_view::npos) return name == "HEAD";
  if (!name.starts_with("refs/")) return false;
  while (true) {
    const auto slash = name.find('/');
    if (!is_valid_component(name.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

std::optional<RemoteRef> parse_ref_line(std::string_view line) {
  std::string_view rest = line;
  const auto id_text = next_word(rest);
  if (id_text == "unborn") return std::nullopt;
  RemoteRef ref{"", parse_id(id_text, line), std::nullopt, std::nullopt};
  ref.name = next_word(rest);
  if (!is_valid_ref_name(ref.name)) return std::nullopt;
  while (!rest.empty()) {
    const auto attribute = next_word(rest);
    if (attribute.starts_with(peeled_attribute)) {
      ref.peeled = parse_id(attribute.substr(peeled_attribute.size()), line);
    } else if (attribute.starts_with(symref_attribute)) {
      const auto target = attribute.substr(symref_attribute.size());
      if (is_valid_ref_name(target)) ref.symbolic_target = target;
    }
  }
  return ref;
}

const RemoteRef* find_ref(const RemoteRefs& refs, std::string_view name) {
  const auto found = std::find_if(refs.begin(), refs.end(), [&](const RemoteRef& ref) { return ref.name == name; });
  return found == refs.end() ? nullptr : &*found;
}

}  // namespace git
