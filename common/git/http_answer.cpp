#include "git/http_answer.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/letters.hpp"

namespace git {
namespace {

constexpr std::size_t longest_words = 300;
constexpr std::size_t longest_title = 80;

// Any run of blanks and newlines as one blank.
std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
    if (line.size() > 4 * longest_words) break;
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

std::string title_of(std::string_view html, std::string_view lowered) {
  const auto tag = lowered.find("<title");
  const auto begin = lowered.find('>', tag);
  const auto end = lowered.find("</title", tag);
  if (tag == std::string_view::npos || begin == std::string_view::npos || end == std::string_view::npos ||
      end < begin) {
    return "";
  }
  return base::printable(on_one_line(html.substr(begin + 1, end - begin - 1)), longest_title);
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

}  // namespace

std::string media_type(const http::Response& response) {
  const std::string type = response.headers.get("Content-Type").value_or("");
  const std::string plain = base::lowered(std::string_view(type).substr(0, type.find(';')));
  const auto end = plain.find_last_not_of(" \t");
  return plain.substr(0, end == std::string::npos ? 0 : end + 1);
}

std::string host_says(const http::Response& response) {
  constexpr std::array refusals{401, 403, 404, 410, 451};
  const bool refused = std::find(refusals.begin(), refusals.end(), response.status) != refusals.end();
  if (!refused || media_type(response) != "text/plain") return "";
  return base::printable(on_one_line(response.body), longest_words);
}

Page describe_page(std::string_view html, const http::Url& url) {
  const std::string lowered = base::lowered(html);
  const std::string title = title_of(html, lowered);
  const bool has_form = contains_any(lowered, {"type=\"password\"", "type='password'", "type=password"});
  const bool is_named_so = contains_any(base::lowered(url.path),
                                        {"login", "log-in", "log_in", "signin", "sign-in", "sign_in", "saml", "oauth"});
  Page page{"", has_form || is_named_so};
  page.shown = page.asks_to_log_in ? "a login page" : "a web page";
  if (!title.empty()) page.shown += fmt::format(" (\"{}\")", title);
  return page;
}

}  // namespace git
