// The fields by which a `source`, or an entry of its `registries`, says who logs in to a registry: a user and a
// password, or what a cloud's login takes. The names are those of the registry-image resource; one piece of code reads
// them wherever they stand.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/secret.hpp"
#include "json/fields.hpp"
#include "registry/host_options.hpp"

namespace registry {

struct LoginFields {
  std::string username;
  base::Secret password;
  std::string aws_access_key_id;
  base::Secret aws_secret_access_key;
  base::Secret aws_session_token;
  std::string aws_region;
  std::string aws_role_arn;
  std::vector<std::string> aws_role_arns;
  std::string aws_account_id;
  std::string aws_ecr_registry_id;
  bool azure_acr = false;
  std::string azure_client_id;
  base::Secret azure_client_secret;
  std::string azure_tenant_id;
  std::string azure_environment;
};

// Describes them as fields of a source that inherits them.
template <class Source>
void describe_login(json::Fields<Source>& fields) {
  const auto add = [&fields](std::string_view name, auto LoginFields::*member, std::string_view help) {
    using Member = std::remove_reference_t<decltype(std::declval<Source&>().*member)>;
    fields.optional(name, static_cast<Member Source::*>(member), help);
  };
  add("username", &LoginFields::username,
      "the user name at the registry. `<token>` if the password is an identity token, `_json_key` for the key of a "
      "Google service account");
  add("password", &LoginFields::password, "the password or token at the registry");
  add("aws_region", &LoginFields::aws_region,
      "the region of Amazon ECR, as in `eu-central-1`. It makes a `repository` without a host one of ECR, and without "
      "keys it means those of the worker's environment or machine");
  add("aws_access_key_id", &LoginFields::aws_access_key_id, "the id of the access key for ECR");
  add("aws_secret_access_key", &LoginFields::aws_secret_access_key, "the secret of that key");
  add("aws_session_token", &LoginFields::aws_session_token, "the session token of a temporary key");
  add("aws_role_arn", &LoginFields::aws_role_arn, "a role to assume before the login");
  add("aws_role_arns", &LoginFields::aws_role_arns,
      "list of roles to assume, one from another. In place of `aws_role_arn`");
  add("aws_account_id", &LoginFields::aws_account_id,
      "the account that the registry is of. Default: that of the last role, or of the keys");
  add("aws_ecr_registry_id", &LoginFields::aws_ecr_registry_id, "has no effect, as in the registry-image resource");
  add("azure_acr", &LoginFields::azure_acr, "log in to Azure Container Registry. Default: false");
  add("azure_client_id", &LoginFields::azure_client_id,
      "the application that logs in, or without `azure_client_secret` the managed identity");
  add("azure_client_secret", &LoginFields::azure_client_secret, "the secret of the application");
  add("azure_tenant_id", &LoginFields::azure_tenant_id, "the registry's tenant. Required with `azure_client_secret`");
  add("azure_environment", &LoginFields::azure_environment,
      "`AzurePublic`, `AzureGovernment` or `AzureChina`. Default: by the registry's name");
}

// Fills in who logs in to `host.host`: credentials, or the cloud's login that gives them. `path` is where the fields
// stand ("source", "source.registries[0]"). Error{usage} that names the field.
void read_login(const LoginFields& fields, const std::string& path, HostOptions& host);

// The repository in full where the fields make it one of ECR and it is not yet: "app" in account and region. The
// account is that of aws_account_id, of the last role, or left to the login (clouds::ecr_host). Error{usage}.
[[nodiscard]] std::string repository_in_full(const LoginFields& fields, const std::string& repository,
                                             const std::string& path);

// What is to be said of fields that are taken without effect, as the registry-image resource does.
[[nodiscard]] std::vector<std::string> fields_without_effect(const LoginFields& fields, bool insecure,
                                                             const std::string& path);

}  // namespace registry
