#include "registry/challenge.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/letters.hpp"

namespace registry {
namespace {

// Reads one WWW-Authenticate value: schemes, each with parameters; commas separate both.
class ChallengeReader {
 public:
  explicit ChallengeReader(std::string_view text) : text_(text) {}

  std::vector<Challenge> read() {
    std::vector<Challenge> result;
    bool known = false;
    while (true) {
      skip(" \t,");
      const std::string word(take_token());
      if (word.empty()) return result;
      skip(" \t");
      if (peek() != '=') {
        const std::string scheme = base::lowered(word);
        known = scheme == "bearer" || scheme == "basic";
        if (known) {
          result.push_back({scheme == "bearer" ? Challenge::Scheme::bearer : Challenge::Scheme::basic, "", "", ""});
        }
        continue;
      }
      text_.remove_prefix(1);
      skip(" \t");
      const std::string value = take_value();
      if (known) set(result.back(), base::lowered(word), value);
    }
  }

 private:
  static void set(Challenge& challenge, const std::string& name, const std::string& value) {
    if (name == "realm") challenge.realm = value;
    if (name == "service") challenge.service = value;
    if (name == "scope") challenge.scope = value;
  }

  [[nodiscard]] char peek() const { return text_.empty() ? '\0' : text_.front(); }

  void skip(std::string_view characters) {
    text_.remove_prefix(std::min(text_.find_first_not_of(characters), text_.size()));
  }

  std::string_view take_token() {
    const auto end = std::min(text_.find_first_of(" \t,=\""), text_.size());
    const auto token = text_.substr(0, end);
    text_.remove_prefix(end);
    return token;
  }

  std::string take_value() {
    if (peek() != '"') return std::string(take_token());
    std::string value;
    for (text_.remove_prefix(1); !text_.empty() && text_.front() != '"'; text_.remove_prefix(1)) {
      if (text_.front() == '\\' && text_.size() > 1) text_.remove_prefix(1);
      value += text_.front();
    }
    if (!text_.empty()) text_.remove_prefix(1);
    return value;
  }

  std::string_view text_;
};

}  // namespace

std::optional<Challenge> find_challenge(const http::Headers& headers) {
  std::optional<Challenge> best;
  for (const auto& value : headers.all("WWW-Authenticate")) {
    for (auto& challenge : ChallengeReader(value).read()) {
      const bool answerable = challenge.scheme == Challenge::Scheme::basic || !challenge.realm.empty();
      const bool better = !best || (best->scheme == Challenge::Scheme::basic);
      if (answerable && better) best = std::move(challenge);
    }
  }
  return best;
}

}  // namespace registry
