#include "clouds/azure.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "world.hpp"

using namespace std::chrono_literals;
using test::failure;

namespace {

clouds::AcrLogin application() {
  clouds::AcrLogin login;
  login.host = "acme.azurecr.io";
  login.client_id = "client";
  login.client_secret = base::Secret("se cret");
  login.tenant = "tenant-id";
  return login;
}

clouds::AcrLogin machine() {
  clouds::AcrLogin login;
  login.host = "acme.azurecr.io";
  return login;
}

const std::string entra_token = R"({"access_token":"entra","expires_in":3599,"token_type":"Bearer"})";
const std::string refresh_token = R"({"refresh_token":"refresh"})";

}  // namespace

TEST_CASE("an application's secret becomes a refresh token of the registry") {
  test::Clouds world;
  world.api.answer(200, {}, entra_token);
  world.registry.answer(200, {}, refresh_token);
  const auto login = clouds::log_in(application(), world.access());
  CHECK(login.username == "00000000-0000-0000-0000-000000000000");
  CHECK(login.password.reveal() == "refresh");
  CHECK(login.lifetime == 1h);
  REQUIRE(world.api.seen.size() == 1);
  CHECK(world.api.seen[0].url == "https://login.microsoftonline.com/tenant-id/oauth2/v2.0/token");
  CHECK(world.api.seen[0].body ==
        "client_id=client&client_secret=se%20cret&grant_type=client_credentials&"
        "scope=https%3A%2F%2Fmanagement.azure.com%2F.default");
  REQUIRE(world.registry.seen.size() == 1);
  CHECK(world.registry.seen[0].url == "https://acme.azurecr.io/oauth2/exchange");
  CHECK(world.registry.seen[0].body ==
        "grant_type=access_token&service=acme.azurecr.io&tenant=tenant-id&access_token=entra");
}

TEST_CASE("a refresh token is kept as long as it says") {
  test::Clouds world;
  world.api.answer(200, {}, entra_token);
  const auto token = "e30." + base::base64url(R"({"exp":1767232800})") + ".sig";  // two hours from now
  world.registry.answer(200, {}, R"({"refresh_token":")" + token + "\"}");
  CHECK(clouds::log_in(application(), world.access()).lifetime == 2h);
}

TEST_CASE("other clouds of Azure have other endpoints") {
  CHECK(clouds::azure_cloud_of("acme.azurecr.us") == clouds::AzureCloud::government);
  CHECK(clouds::azure_cloud_of("acme.azurecr.cn") == clouds::AzureCloud::china);
  CHECK(clouds::azure_cloud_of("registry.acme.example") == clouds::AzureCloud::public_cloud);
  auto login = application();
  login.cloud = clouds::AzureCloud::china;
  test::Clouds world;
  world.api.answer(200, {}, entra_token);
  world.registry.answer(200, {}, refresh_token);
  (void)clouds::log_in(login, world.access());
  CHECK(world.api.seen[0].url.starts_with("https://login.chinacloudapi.cn/"));
  CHECK(world.api.seen[0].body.ends_with("scope=https%3A%2F%2Fmanagement.chinacloudapi.cn%2F.default"));
}

TEST_CASE("a machine's identity is asked of its metadata service, and the registry for its tenant") {
  test::Clouds world;
  world.registry.answer(
      401, {{"WWW-Authenticate",
             R"(Bearer realm="https://acme.azurecr.io/oauth2/exchange?tenant=t-1&x=y",service="acme.azurecr.io")"}});
  world.metadata.answer(200, {}, R"({"access_token":"entra","expires_in":"86399"})");
  world.registry.answer(200, {}, refresh_token);
  CHECK(clouds::log_in(machine(), world.access()).password.reveal() == "refresh");
  CHECK(world.metadata.seen[0].url ==
        "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&"
        "resource=https%3A%2F%2Fmanagement.azure.com");
  CHECK(world.metadata.seen[0].headers.get("Metadata") == "true");
  CHECK(world.registry.seen[1].body.find("tenant=t-1&") != std::string::npos);
}

TEST_CASE("a registry that names no tenant is given the common one") {
  test::Clouds world;
  auto login = machine();
  login.client_id = "kubelet";
  for (const auto* challenge : {"Bearer realm=\"https://acme.azurecr.io/oauth2/token\"", "tenant=", "tenant=a%0d"}) {
    world.registry.answer(401, {{"WWW-Authenticate", challenge}});
    world.metadata.answer(200, {}, entra_token);
    world.registry.answer(200, {}, refresh_token);
    (void)clouds::log_in(login, world.access());
    CHECK(world.registry.seen.back().body.find("tenant=common&") != std::string::npos);
  }
  CHECK(world.metadata.seen[0].url.ends_with("&client_id=kubelet"));
}

TEST_CASE("a registry that takes tokens for registries alone gets one") {
  test::Clouds world;
  world.api.answer(200, {}, entra_token);
  world.registry.answer(401, {}, R"({"errors":[{"code":"UNAUTHORIZED","message":"arm disabled"}]})");
  world.api.answer(200, {}, entra_token);
  world.registry.answer(200, {}, refresh_token);
  CHECK(clouds::log_in(application(), world.access()).password.reveal() == "refresh");
  CHECK(world.api.seen[1].body.ends_with("scope=https%3A%2F%2Fcontainerregistry.azure.net%2F.default"));
}

TEST_CASE("a refusal of Azure is told in its words, with the fields to mend") {
  test::Clouds world;
  const auto refused = [&](const clouds::AcrLogin& login) {
    return failure([&] { (void)clouds::log_in(login, world.access()); });
  };
  world.api.answer(401, {}, R"({"error":"invalid_client","error_description":"AADSTS7000222: secret expired"})");
  CHECK(refused(application()) ==
        "cannot log in to registry acme.azurecr.io: invalid_client: AADSTS7000222: secret expired; check "
        "azure_client_id, azure_client_secret and azure_tenant_id in source");
  world.api.answer(200, {}, entra_token);
  world.registry.answer(401, {}, R"({"errors":[{"code":"UNAUTHORIZED","message":"no"}]})");
  world.api.answer(400, {}, "{}");
  CHECK(
      refused(application()) ==
      "cannot log in to registry acme.azurecr.io: UNAUTHORIZED: no; give the Azure application client the role AcrPull "
      "or AcrPush there, and check that source.azure_tenant_id is the registry's tenant");
  world.registry.answer(401);
  world.metadata.fail(http::Unreachable({"reach", "169.254.169.254", "no", ""}));
  CHECK(
      refused(machine()) ==
      "cannot log in to registry acme.azurecr.io: the machine's metadata service does not answer: it is not one of "
      "Azure; give azure_client_id, azure_client_secret and azure_tenant_id in source, or give the worker's machine a "
      "managed identity with the role AcrPull or AcrPush");
}
