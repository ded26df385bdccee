#include "registry/login.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "clouds/ecr_host.hpp"
#include "registry/reference.hpp"

namespace registry {
namespace {

// The first of the fields that is given; empty: none.
std::string first_aws_field(const LoginFields& fields) {
  if (!fields.aws_region.empty()) return "aws_region";
  if (!fields.aws_access_key_id.empty()) return "aws_access_key_id";
  if (!fields.aws_secret_access_key.empty()) return "aws_secret_access_key";
  if (!fields.aws_session_token.empty()) return "aws_session_token";
  if (!fields.aws_role_arn.empty()) return "aws_role_arn";
  if (!fields.aws_role_arns.empty()) return "aws_role_arns";
  return fields.aws_account_id.empty() ? "" : "aws_account_id";
}

std::optional<clouds::AwsKeys> read_keys(const LoginFields& fields, const std::string& path) {
  const bool has_id = !fields.aws_access_key_id.empty();
  const bool has_secret = !fields.aws_secret_access_key.empty();
  if (has_id && !has_secret) json::missing_field(path, "aws_secret_access_key", "the secret of aws_access_key_id");
  if (!has_id && has_secret) json::missing_field(path, "aws_access_key_id", "the key of aws_secret_access_key");
  if (!has_id && !fields.aws_session_token.empty()) {
    json::missing_field(path, "aws_access_key_id", "the key that aws_session_token belongs to");
  }
  if (!has_id) return std::nullopt;
  const auto& id = fields.aws_access_key_id;
  const bool is_word = std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  });
  if (!is_word) json::wrong_value(path + ".aws_access_key_id", "it is not an access key", "it is like AKIA...");
  // Keys that STS gave ("Unique identifiers", IAM).
  if (id.starts_with("ASIA") && fields.aws_session_token.empty()) {
    json::missing_field(path, "aws_session_token", "a key that begins with ASIA is temporary and has one");
  }
  return clouds::AwsKeys{id, fields.aws_secret_access_key, fields.aws_session_token};
}

std::vector<std::string> read_roles(const LoginFields& fields, const std::string& path) {
  if (!fields.aws_role_arn.empty() && !fields.aws_role_arns.empty()) {
    json::wrong_value(path + ".aws_role_arn", "aws_role_arns is given, too", "leave one of them out");
  }
  auto roles = fields.aws_role_arns;
  if (!fields.aws_role_arn.empty()) roles.push_back(fields.aws_role_arn);
  constexpr std::size_t most_roles = 16;
  if (roles.size() > most_roles) json::wrong_value(path + ".aws_role_arns", "it has more than 16 roles");
  return roles;
}

// Empty where no role is assumed.
std::string account_of_roles(const LoginFields& fields, const std::string& path) {
  std::string account;
  if (!fields.aws_role_arn.empty()) account = clouds::account_of_role(fields.aws_role_arn, path + ".aws_role_arn");
  for (std::size_t i = 0; i < fields.aws_role_arns.size(); ++i) {
    account = clouds::account_of_role(fields.aws_role_arns[i], fmt::format("{}.aws_role_arns[{}]", path, i));
  }
  return account;
}

void require_same(const std::string& given, const std::string& of_host, const std::string& path,
                  const std::string& host) {
  if (given.empty() || of_host.empty() || given == of_host) return;
  json::wrong_value(path, fmt::format("\"{}\" is not that of {}", base::printable(given, 64), host),
                    "leave it out, or name the repository without its host");
}

clouds::EcrLogin read_ecr_login(const LoginFields& fields, const std::string& path, const std::string& host) {
  clouds::EcrLogin login{read_keys(fields, path), fields.aws_region, read_roles(fields, path),
                         clouds::EcrLogin::Registry::of_account, path};
  (void)account_of_roles(fields, path);
  if (!fields.aws_region.empty()) clouds::require_aws_region(fields.aws_region, path + ".aws_region");
  if (!fields.aws_account_id.empty()) clouds::require_aws_account(fields.aws_account_id, path + ".aws_account_id");
  if (host == clouds::ecr_public_host) {
    login.registry = clouds::EcrLogin::Registry::open;
    return login;
  }
  const auto name = clouds::parse_ecr_host(host);
  if (!name) {
    json::wrong_value(fmt::format("{}.{}", path, first_aws_field(fields)), host + " is not a registry of ECR",
                      "name it 123456789012.dkr.ecr.REGION.amazonaws.com or public.ecr.aws, or give a repository "
                      "without a host, and aws_region");
  }
  require_same(fields.aws_region, name->region, path + ".aws_region", host);
  require_same(fields.aws_account_id, name->account, path + ".aws_account_id", host);
  login.region = name->region;
  return login;
}

clouds::AcrLogin read_acr_login(const LoginFields& fields, const std::string& path, const std::string& host) {
  if (host == docker_hub) {
    json::wrong_value(path + ".azure_acr", "the repository is one of Docker Hub",
                      "name it in full, such as registry.azurecr.io/app");
  }
  clouds::AcrLogin login{
      host, fields.azure_client_id, fields.azure_client_secret, fields.azure_tenant_id, clouds::azure_cloud_of(host),
      path};
  if (!login.client_secret.empty()) {
    if (login.client_id.empty()) json::missing_field(path, "azure_client_id", "the application of the secret");
    if (login.tenant.empty()) json::missing_field(path, "azure_tenant_id", "the tenant of the application");
  }
  if (!fields.azure_environment.empty()) {
    static const json::Choices<clouds::AzureCloud> names{{"AzurePublic", clouds::AzureCloud::public_cloud},
                                                         {"AzureGovernment", clouds::AzureCloud::government},
                                                         {"AzureChina", clouds::AzureCloud::china}};
    login.cloud = json::read_choice(json::Value(fields.azure_environment), path + ".azure_environment", names);
  }
  return login;
}

void require_no_azure_alone(const LoginFields& fields, const std::string& path) {
  const char* given = nullptr;
  if (!fields.azure_client_id.empty()) given = "azure_client_id";
  if (!fields.azure_client_secret.empty()) given = "azure_client_secret";
  if (!fields.azure_tenant_id.empty()) given = "azure_tenant_id";
  if (!fields.azure_environment.empty()) given = "azure_environment";
  if (given != nullptr) json::wrong_value(fmt::format("{}.{}", path, given), "azure_acr is not true", "set it");
}

void read_password(const LoginFields& fields, const std::string& path, HostOptions& host) {
  if (clouds::is_google_key_user(fields.username) && clouds::is_google_registry(host.host)) {
    host.cloud = clouds::read_google_login(host.host, fields.username, fields.password, path + ".password");
    host.login_fields = "the key in password";
    return;
  }
  if (fields.username.empty() && fields.password.empty()) return;
  if (fields.username == "oauth2accesstoken") {
    host.login_fields = "password, which is a token of an hour (the key of _json_key is renewed),";
  }
  host.credentials = static_credentials({fields.username, fields.password});
}

}  // namespace

void read_login(const LoginFields& fields, const std::string& path, HostOptions& host) {
  const auto aws = first_aws_field(fields);
  if (!aws.empty() && fields.azure_acr) {
    json::wrong_value(path + ".azure_acr", aws + " is given, too", "one host has one login: leave one of them out");
  }
  if (!fields.azure_acr) require_no_azure_alone(fields, path);
  if (!aws.empty()) {
    host.cloud = read_ecr_login(fields, path, host.host);
    host.login_fields = "the aws_ fields";
  } else if (fields.azure_acr) {
    host.cloud = read_acr_login(fields, path, host.host);
    host.login_fields = "the azure_ fields";
  } else {
    read_password(fields, path, host);
  }
}

std::string repository_in_full(const LoginFields& fields, const std::string& repository, const std::string& path) {
  const auto aws = first_aws_field(fields);
  const auto first = std::string_view(repository).substr(0, repository.find('/'));
  if (aws.empty() || first == clouds::ecr_public_host || clouds::parse_ecr_host(first)) return repository;
  if (fields.aws_region.empty()) json::missing_field(path, "aws_region", "the region of ECR");
  clouds::require_aws_region(fields.aws_region, path + ".aws_region");
  auto account = account_of_roles(fields, path);
  if (!fields.aws_account_id.empty()) {
    clouds::require_aws_account(fields.aws_account_id, path + ".aws_account_id");
    account = fields.aws_account_id;
  }
  return clouds::ecr_host(account, fields.aws_region) + "/" + repository;
}

std::vector<std::string> fields_without_effect(const LoginFields& fields, bool insecure, const std::string& path) {
  std::vector<std::string> result;
  const auto aws = first_aws_field(fields);
  const std::string chosen = aws.empty() && fields.azure_acr ? "azure_acr" : aws;
  const auto note = [&](std::string_view name, bool given) {
    if (given) result.push_back(fmt::format("{0}.{1} has no effect beside {0}.{2}", path, name, chosen));
  };
  if (!chosen.empty()) {
    note("username", !fields.username.empty());
    note("password", !fields.password.empty());
    note("insecure", insecure);
  }
  if (!fields.aws_ecr_registry_id.empty()) {
    result.push_back(path + ".aws_ecr_registry_id has no effect; aws_account_id names another account");
  }
  return result;
}

}  // namespace registry
