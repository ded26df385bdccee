// Logging in to Google's registries (Artifact Registry, Container Registry) by a service account's key: what goes to
// the registry is an access token of an hour, as "Set up authentication for Docker" advises, and the key stays here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "clouds/access.hpp"
#include "clouds/google.hpp"

namespace clouds {

struct GoogleLogin {
  std::string username;  // as the source has it: _json_key or _json_key_base64
  base::Secret password;
  GoogleKey key;
  std::string host;                          // of the registry
  std::string named_by = "source.password";  // the field that holds the key
};

// Whether it is one of Google's registries: gcr.io, europe-docker.pkg.dev.
[[nodiscard]] bool is_google_registry(std::string_view host);
// Whether the password of that user is a service account's key.
[[nodiscard]] bool is_google_key_user(std::string_view username);
// Error{usage} where the password is not such a key.
[[nodiscard]] GoogleLogin read_google_login(const std::string& host, const std::string& username,
                                            const base::Secret& password, const std::string& path);

// Error{denied} with what Google says. Where the token server cannot be reached (a worker that reaches the registry
// alone), the key itself is the password, which Google's registries take, too: with a warning.
[[nodiscard]] RegistryLogin log_in(const GoogleLogin& login, const Access& access, base::Log& log);

[[nodiscard]] std::string describe(const GoogleLogin& login);
[[nodiscard]] std::vector<std::string> contacts(const GoogleLogin& login);

}  // namespace clouds
