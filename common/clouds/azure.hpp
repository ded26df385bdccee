// Logging in to Azure Container Registry: a token of Microsoft Entra ID for an application (client id and secret) or
// for the worker's machine (managed identity), exchanged at the registry for a refresh token ("Authenticate with an
// Azure container registry": /oauth2/exchange), which its token server takes as any registry's does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "clouds/access.hpp"

namespace clouds {

enum class AzureCloud { public_cloud, government, china };

struct AcrLogin {
  std::string host;  // of the registry
  std::string client_id;
  base::Secret client_secret;  // empty: the managed identity of the machine, or that of `client_id`
  std::string tenant;          // empty: the registry is asked
  AzureCloud cloud = AzureCloud::public_cloud;
  std::string named_by = "source";  // where the fields stand
};

// The cloud that a registry's name belongs to: *.azurecr.us, *.azurecr.cn; any other is of the public one.
[[nodiscard]] AzureCloud azure_cloud_of(std::string_view host);

// Error{denied, usage} with what Azure says and the field to mend. The password is an identity token.
[[nodiscard]] RegistryLogin log_in(const AcrLogin& login, const Access& access);

[[nodiscard]] std::string describe(const AcrLogin& login);
[[nodiscard]] std::vector<std::string> contacts(const AcrLogin& login);

}  // namespace clouds
