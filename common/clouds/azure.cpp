#include "clouds/azure.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "clouds/machine_keys.hpp"
#include "clouds/oauth.hpp"
#include "json/value.hpp"

namespace clouds {
namespace {

using base::Error;
using base::ErrorKind;
using std::chrono::seconds;

// The user name that says "the password is a refresh token".
constexpr std::string_view token_user = "00000000-0000-0000-0000-000000000000";
// Registries take tokens that are made for Azure's management, unless they are told to take those for registries alone
// (azureADAuthenticationAsArmPolicy).
constexpr std::string_view registries_audience = "https://containerregistry.azure.net";

struct Endpoints {
  std::string_view login;
  std::string_view management;
};

Endpoints endpoints_of(AzureCloud cloud) {
  switch (cloud) {
    case AzureCloud::public_cloud:
      return {"login.microsoftonline.com", "https://management.azure.com"};
    case AzureCloud::government:
      return {"login.microsoftonline.us", "https://management.usgovcloudapi.net"};
    case AzureCloud::china:
      return {"login.chinacloudapi.cn", "https://management.chinacloudapi.cn"};
  }
  return {};
}

Asked asked_of(const AcrLogin& login, std::string remedy, const Access& access) {
  return {"log in to", "registry " + login.host, std::move(remedy), access.clock.now()};
}

// "OAuth 2.0 client credentials flow", of the Microsoft identity platform.
FetchedToken application_token(const AcrLogin& login, std::string_view audience, const Access& access) {
  const auto url = *http::Url::parse(fmt::format("https://{}/{}/oauth2/v2.0/token", endpoints_of(login.cloud).login,
                                                 http::percent_encode(login.tenant)));
  std::string form;
  add_to_form(form, "client_id", login.client_id);
  add_to_form(form, "client_secret", login.client_secret.reveal());
  add_to_form(form, "grant_type", "client_credentials");
  add_to_form(form, "scope", std::string(audience) + "/.default");
  const auto remedy =
      fmt::format("check azure_client_id, azure_client_secret and azure_tenant_id in {}", login.named_by);
  return request_token(access.api, url, std::move(form), "access_token", asked_of(login, remedy, access));
}

// "How to use managed identities for Azure resources on an Azure VM to acquire an access token".
FetchedToken machine_token(const AcrLogin& login, std::string_view audience, const Access& access) {
  auto path = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=" + http::percent_encode(audience);
  if (!login.client_id.empty()) path += "&client_id=" + http::percent_encode(login.client_id);
  auto request = metadata_request(path);
  request.headers.set("Metadata", "true");
  const auto remedy = fmt::format(
      "give azure_client_id, azure_client_secret and azure_tenant_id in {}, or give the worker's machine "
      "{} with the role AcrPull or AcrPush",
      login.named_by, login.client_id.empty() ? "a managed identity" : "the managed identity " + login.client_id);
  try {
    auto response = access.metadata.send(request);
    response.url = request.url;
    return read_token(response, "access_token", asked_of(login, remedy, access));
  } catch (const http::Unreachable&) {
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::transient || error.status() != 0) throw;
  }
  throw Error(ErrorKind::usage, {"log in to", "registry " + login.host,
                                 "the machine's metadata service does not answer: it is not one of Azure", remedy});
}

bool is_tenant(std::string_view text) {
  constexpr std::size_t longest = 128;
  return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

// A registry that knows its tenant names it in the realm of its challenge.
std::string tenant_of(const AcrLogin& login, const Access& access) {
  constexpr std::string_view any = "common";
  if (!login.tenant.empty()) return login.tenant;
  http::Request request;
  request.url = *http::Url::parse(fmt::format("https://{}/v2/", login.host));
  const auto response = access.registry.send(request);
  const auto challenge = response.headers.get("WWW-Authenticate").value_or("");
  const auto begin = challenge.find("tenant=");
  if (response.status != 401 || begin == std::string::npos) return std::string(any);
  const auto text = std::string_view(challenge).substr(begin + std::string_view("tenant=").size());
  const auto tenant = text.substr(0, text.find_first_of("\"& ,"));
  return std::string(is_tenant(tenant) ? tenant : any);
}

FetchedToken exchange(const AcrLogin& login, const std::string& tenant, const base::Secret& token,
                      const Access& access) {
  const auto url = *http::Url::parse(fmt::format("https://{}/oauth2/exchange", login.host));
  std::string form;
  add_to_form(form, "grant_type", "access_token");
  add_to_form(form, "service", login.host);
  add_to_form(form, "tenant", tenant);
  add_to_form(form, "access_token", token.reveal());
  const auto remedy = login.tenant.empty()
                          ? fmt::format("give {} the role AcrPull or AcrPush there", describe(login))
                          : fmt::format(
                                "give {} the role AcrPull or AcrPush there, and check that {}.azure_tenant_id "
                                "is the registry's tenant",
                                describe(login), login.named_by);
  return request_token(access.registry, url, std::move(form), "refresh_token", asked_of(login, remedy, access));
}

// When a JSON Web Token ends, by its own word (RFC 7519, 4.1.4); ACR's refresh tokens last three hours.
seconds life_of(const base::Secret& token, base::WallTime now) {
  constexpr std::int64_t assumed = 3600;
  constexpr std::int64_t shortest = 300;
  constexpr std::int64_t longest = 3L * 3600;
  const auto text = token.reveal();
  const auto begin = text.find('.');
  const auto end = begin == std::string_view::npos ? begin : text.find('.', begin + 1);
  if (end == std::string_view::npos) return seconds(assumed);
  const auto payload = base::decode_base64(text.substr(begin + 1, end - begin - 1));
  if (!payload) return seconds(assumed);
  try {
    const auto claims = json::parse(*payload, "a token");
    const auto* exp = json::find(claims, "exp");
    if (exp == nullptr || !exp->is_number_integer()) return seconds(assumed);
    const auto left = exp->get<std::int64_t>() - now.time_since_epoch().count();
    return seconds(std::clamp(left, shortest, longest));
  } catch (const Error&) {
    return seconds(assumed);
  }
}

}  // namespace

AzureCloud azure_cloud_of(std::string_view host) {
  if (host.ends_with(".azurecr.us")) return AzureCloud::government;
  if (host.ends_with(".azurecr.cn")) return AzureCloud::china;
  return AzureCloud::public_cloud;
}

RegistryLogin log_in(const AcrLogin& login, const Access& access) {
  const auto token_for = [&](std::string_view audience) {
    return login.client_secret.empty() ? machine_token(login, audience, access)
                                       : application_token(login, audience, access);
  };
  const auto tenant = tenant_of(login, access);
  const auto token = token_for(endpoints_of(login.cloud).management);
  const auto refresh_token = [&] {
    try {
      return exchange(login, tenant, token.token, access).token;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::denied) throw;
      try {
        return exchange(login, tenant, token_for(registries_audience).token, access).token;
      } catch (const Error&) {
        throw error;
      }
    }
  }();
  return {std::string(token_user), refresh_token, life_of(refresh_token, access.clock.now())};
}

std::string describe(const AcrLogin& login) {
  if (!login.client_secret.empty()) return "the Azure application " + login.client_id;
  return login.client_id.empty() ? "the managed identity of the worker's machine"
                                 : "the managed identity " + login.client_id;
}

std::vector<std::string> contacts(const AcrLogin& login) {
  if (login.client_secret.empty()) return {"169.254.169.254"};
  return {std::string(endpoints_of(login.cloud).login)};
}

}  // namespace clouds
