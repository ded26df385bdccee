#include "registry/link.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

#include "base/error.hpp"
#include "base/letters.hpp"

namespace registry {
namespace {

// link-value = "<" URI-Reference ">" *( OWS ";" OWS link-param ), separated by commas; link-param = token BWS [ "=" BWS
// ( token / quoted-string ) ].
class LinkReader {
 public:
  explicit LinkReader(std::string_view text) : text_(text) {}

  // Whether the header is well-formed up to its end.
  bool read() {
    while (true) {
      skip(" \t,");
      if (text_.empty()) return true;
      if (!read_link()) return false;
      skip(" \t");
      if (!text_.empty() && text_.front() != ',') return false;
    }
  }

  [[nodiscard]] const std::optional<std::string>& next() const { return next_; }

 private:
  bool read_link() {
    if (!take('<')) return false;
    const auto end = text_.find('>');
    if (end == std::string_view::npos) return false;
    const std::string target(text_.substr(0, end));
    text_.remove_prefix(end + 1);
    std::optional<std::string> relations;
    bool has_anchor = false;
    for (skip(" \t"); take(';'); skip(" \t")) {
      skip(" \t");
      if (text_.empty() || text_.front() == ';' || text_.front() == ',') continue;
      const std::string name = base::lowered(take_token());
      if (name.empty()) return false;
      const auto value = take_value();
      if (!value) return false;
      // Of several the first counts (RFC 8288, 3.3).
      if (name == "rel" && !relations) relations = *value;
      // It is about another document then.
      has_anchor = has_anchor || name == "anchor";
    }
    if (relations && !has_anchor && !next_ && names_next(*relations)) next_ = target;
    return true;
  }

  // "last next"
  static bool names_next(std::string_view relations) {
    while (!relations.empty()) {
      const auto end = std::min(relations.find_first_of(" \t"), relations.size());
      if (base::lowered(relations.substr(0, end)) == "next") return true;
      relations.remove_prefix(std::min(end + 1, relations.size()));
    }
    return false;
  }

  // Nothing where a quoted text does not end.
  std::optional<std::string> take_value() {
    skip(" \t");
    if (!take('=')) return "";
    skip(" \t");
    if (!take('"')) return std::string(take_token());
    std::string value;
    while (!text_.empty() && text_.front() != '"') {
      if (text_.front() == '\\' && text_.size() > 1) text_.remove_prefix(1);
      value += text_.front();
      text_.remove_prefix(1);
    }
    if (!take('"')) return std::nullopt;
    return value;
  }

  std::string_view take_token() {
    const auto end = std::min(text_.find_first_of(" \t;,=\"<>"), text_.size());
    const auto token = text_.substr(0, end);
    text_.remove_prefix(end);
    return token;
  }

  bool take(char wanted) {
    if (text_.empty() || text_.front() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }

  void skip(std::string_view characters) {
    text_.remove_prefix(std::min(text_.find_first_not_of(characters), text_.size()));
  }

  std::string_view text_;
  std::optional<std::string> next_;
};

}  // namespace

std::optional<std::string> next_link(const http::Headers& headers, const std::string& object) {
  std::optional<std::string> result;
  for (const auto& value : headers.all("Link")) {
    LinkReader reader(value);
    if (!reader.read()) {
      throw base::Error(base::ErrorKind::protocol,
                        {"list", object,
                         fmt::format("its header \"Link: {}\" is not understood, so that its next page is "
                                     "not known",
                                     base::printable(value, 128)),
                         ""});
    }
    if (!result) result = reader.next();
  }
  return result;
}

}  // namespace registry
