// Logging in to Amazon's registries (ECR, ECR Public): keys, roles assumed one from another by STS, a password for
// twelve hours. Keys come from the source, else from AWS_ACCESS_KEY_ID and its like, else from the machine's role.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clouds/access.hpp"
#include "clouds/sigv4.hpp"

namespace clouds {

struct EcrLogin {
  std::optional<AwsKeys> keys;
  std::string region;
  std::vector<std::string> roles;  // ARNs, in the order in which they are assumed
  enum class Registry { of_account, open } registry = Registry::of_account;
  std::string named_by = "source";  // where the fields stand
};

// Error{denied, usage} with what AWS says and the field to mend.
[[nodiscard]] RegistryLogin log_in(const EcrLogin& login, const Access& access);

// Whose login it is, for people, and the hosts that it talks to beside the registry.
[[nodiscard]] std::string describe(const EcrLogin& login);
[[nodiscard]] std::vector<std::string> contacts(const EcrLogin& login);

}  // namespace clouds
