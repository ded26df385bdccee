// What source.git_config says of how repositories are reached (git-config(1)): url.<base>.insteadOf, http.extraHeader
// and http.sslVerify, the latter two also for one address (http.<url>.extraHeader). The git program is not run, so that
// these are read here; all settings are written to .git/config of the checkout all the same.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/url.hpp"

namespace source {

struct GitConfigFields;

class GitSettings {
 public:
  GitSettings() = default;
  // Error{usage} naming the entry of source.git_config.
  [[nodiscard]] static GitSettings parse(const std::vector<GitConfigFields>& fields);

  // Whether a setting of this name may be given more than once: each counts.
  [[nodiscard]] static bool is_list(std::string_view name);

  // The address with the longest prefix replaced that url.<base>.insteadOf names.
  [[nodiscard]] std::string rewritten(const std::string& address) const;
  // Header fields for the server of a repository, in their order. Values may be secret.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> headers_for(const http::Url& repository) const;
  // The values of all of them: none may be shown.
  [[nodiscard]] std::vector<std::string> header_values() const;
  // Whether its certificate is verified, where the settings say.
  [[nodiscard]] std::optional<bool> verifies(const http::Url& repository) const;
  // Names of settings by which the git program would be reached otherwise, and that change nothing here, with what to
  // use instead.
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& without_effect() const {
    return without_effect_;
  }

 private:
  struct Replacement {
    std::string prefix;
    std::string base;
  };
  template <class T>
  struct Scoped {
    std::optional<http::Url> address;  // none: every address
    T value;
    [[nodiscard]] bool covers(const http::Url& url) const;
  };

  std::vector<Replacement> replacements_;
  std::vector<Scoped<std::pair<std::string, std::string>>> headers_;
  std::vector<Scoped<bool>> verification_;
  std::vector<std::pair<std::string, std::string>> without_effect_;
};

}  // namespace source
