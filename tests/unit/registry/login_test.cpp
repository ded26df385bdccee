#include "registry/login.hpp"

#include <catch2/catch_test_macros.hpp>

#include "registry/hosts.hpp"
#include "support/failure.hpp"

using test::failure;

namespace {

const std::string ecr = "012345678901.dkr.ecr.eu-west-1.amazonaws.com";
const std::string role = "arn:aws:iam::123456789012:role/ci";

registry::HostOptions read(json::Value fields) {
  if (!fields.contains("host")) fields["host"] = ecr;
  return registry::to_options(json::read<registry::HostFields>(fields, "source.registries[0]"), "source.registries[0]");
}

std::string refused(const json::Value& fields) {
  return failure([&] { (void)read(fields); });
}

std::string in_full(const json::Value& fields, const std::string& repository) {
  json::Value all = fields;
  all["host"] = "unused.example";
  const auto login = json::read<registry::HostFields>(all, "source");
  return registry::repository_in_full(login, repository, "source");
}

}  // namespace

TEST_CASE("a user and a password are credentials, and no cloud is asked") {
  const auto host = read({{"host", "r.example"}, {"username", "u"}, {"password", "p"}});
  CHECK(host.credentials->name() == "u");
  CHECK_FALSE(host.cloud);
  CHECK_FALSE(read({{"host", "r.example"}}).credentials);
}

TEST_CASE("fields of AWS are a login to ECR, whose region its host tells") {
  const auto host = read({{"aws_access_key_id", "AKIA1"}, {"aws_secret_access_key", "s"}, {"aws_role_arn", role}});
  const auto& login = std::get<clouds::EcrLogin>(*host.cloud);
  CHECK(login.region == "eu-west-1");
  CHECK(login.keys->id == "AKIA1");
  CHECK(login.roles == std::vector<std::string>{role});
  CHECK(host.login_fields == "the aws_ fields");
  CHECK(read({{"aws_region", "eu-west-1"}}).cloud);
  const auto open = read({{"host", "public.ecr.aws"}, {"aws_region", "eu-west-1"}});
  CHECK(std::get<clouds::EcrLogin>(*open.cloud).registry == clouds::EcrLogin::Registry::open);
}

TEST_CASE("halves and contradictions of a login to ECR are refused by their field") {
  CHECK(refused({{"aws_access_key_id", "AKIA1"}})
            .starts_with("cannot read source.registries[0].aws_secret_access_key: it is missing"));
  CHECK(refused({{"aws_secret_access_key", "s"}})
            .starts_with("cannot read source.registries[0].aws_access_key_id: it is missing"));
  CHECK(refused({{"aws_session_token", "s"}})
            .starts_with("cannot read source.registries[0].aws_access_key_id: it is missing"));
  CHECK(refused({{"aws_access_key_id", "ASIA1"}, {"aws_secret_access_key", "s"}})
            .starts_with("cannot read source.registries[0].aws_session_token: it is missing"));
  CHECK(refused({{"aws_access_key_id", "a b"}, {"aws_secret_access_key", "s"}}) ==
        "cannot read source.registries[0].aws_access_key_id: it is not an access key; it is like AKIA...");
  CHECK(refused({{"aws_role_arn", role}, {"aws_role_arns", {role}}}) ==
        "cannot read source.registries[0].aws_role_arn: aws_role_arns is given, too; leave one of them out");
  CHECK(refused({{"aws_role_arns", {role, "ci"}}})
            .starts_with("cannot read source.registries[0].aws_role_arns[1]: \"ci\" is not the ARN of a role"));
  CHECK(refused({{"aws_region", "us-east-1"}}) ==
        "cannot read source.registries[0].aws_region: \"us-east-1\" is not "
        "that of " +
            ecr + "; leave it out, or name the repository without its host");
  CHECK(refused({{"host", "r.example"}, {"aws_region", "us-east-1"}})
            .starts_with("cannot read source.registries[0].aws_region: r.example is not a registry of ECR; name it "));
  CHECK(
      refused({{"aws_region", "us-east-1"}, {"azure_acr", true}}) ==
      "cannot read source.registries[0].azure_acr: aws_region is given, too; one host has one login: leave one of them "
      "out");
}

TEST_CASE("a repository without a host is one of ECR where a region is given") {
  CHECK(in_full({}, "app") == "app");
  CHECK(in_full({{"aws_region", "eu-west-1"}, {"aws_account_id", "012345678901"}}, "team/app") == ecr + "/team/app");
  CHECK(in_full({{"aws_region", "eu-west-1"}, {"aws_role_arn", role}}, "app") ==
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app");
  CHECK(in_full({{"aws_region", "eu-west-1"}}, "app") == "dkr.ecr.eu-west-1.amazonaws.com/app");
  CHECK(in_full({{"aws_region", "eu-west-1"}}, "quay.io/app") == "dkr.ecr.eu-west-1.amazonaws.com/quay.io/app");
  CHECK(in_full({{"aws_region", "eu-west-1"}}, ecr + "/app") == ecr + "/app");
  CHECK(in_full({{"aws_access_key_id", "AKIA1"}}, "public.ecr.aws/acme/app") == "public.ecr.aws/acme/app");
  CHECK(failure([] {
          (void)in_full({{"aws_access_key_id", "AKIA1"}}, "app");
        }).starts_with("cannot read source.aws_region: it is missing"));
  CHECK(failure([] {
          (void)in_full({{"aws_region", "eu-west-1"}, {"aws_account_id", 12345}}, "app");
        }).starts_with("cannot read source.aws_account_id: \"12345\" is not the number of an account"));
}

TEST_CASE("fields of Azure are a login to ACR") {
  const auto host = read({{"host", "acme.azurecr.us"},
                          {"azure_acr", true},
                          {"azure_client_id", "c"},
                          {"azure_client_secret", "s"},
                          {"azure_tenant_id", "t"}});
  const auto& login = std::get<clouds::AcrLogin>(*host.cloud);
  CHECK(login.cloud == clouds::AzureCloud::government);
  CHECK(login.tenant == "t");
  const auto other = read({{"host", "acme.azurecr.io"}, {"azure_acr", true}, {"azure_environment", "AzureChina"}});
  CHECK(std::get<clouds::AcrLogin>(*other.cloud).cloud == clouds::AzureCloud::china);
}

TEST_CASE("halves of a login to ACR are refused by their field") {
  CHECK(refused({{"azure_client_id", "c"}}) ==
        "cannot read source.registries[0].azure_client_id: azure_acr is not true; set it");
  CHECK(refused({{"azure_acr", true}, {"azure_client_secret", "s"}})
            .starts_with("cannot read source.registries[0].azure_client_id: it is missing"));
  CHECK(refused({{"azure_acr", true}, {"azure_client_id", "c"}, {"azure_client_secret", "s"}})
            .starts_with("cannot read source.registries[0].azure_tenant_id: it is missing"));
  CHECK(refused({{"azure_acr", true}, {"azure_environment", "AzureMoon"}})
            .starts_with("cannot read source.registries[0].azure_environment: "));
  CHECK(refused({{"host", "docker.io"}, {"azure_acr", true}})
            .starts_with("cannot read source.registries[0].azure_acr: the repository is one of Docker Hub"));
}

TEST_CASE("a key of Google is one at Google's registries alone") {
  CHECK(refused({{"host", "gcr.io"}, {"username", "_json_key"}, {"password", "word"}})
            .starts_with("cannot read source.registries[0].password: it is not JSON"));
  CHECK(read({{"host", "proxy.example"}, {"username", "_json_key"}, {"password", "word"}}).credentials);
  CHECK(read({{"host", "gcr.io"}, {"username", "oauth2accesstoken"}, {"password", "ya29"}})
            .login_fields.find("an hour") != std::string::npos);
}

TEST_CASE("fields without effect beside a cloud's login are told of") {
  const auto notes = [](const json::Value& fields, bool insecure) {
    json::Value all = fields;
    all["host"] = ecr;
    return registry::fields_without_effect(json::read<registry::HostFields>(all, "source"), insecure, "source");
  };
  CHECK(notes({{"username", "u"}, {"password", "p"}}, true).empty());
  CHECK(notes({{"aws_region", "eu-west-1"}, {"username", "u"}}, true) ==
        std::vector<std::string>{"source.username has no effect beside source.aws_region",
                                 "source.insecure has no effect beside source.aws_region"});
  CHECK(notes({{"aws_ecr_registry_id", "1"}}, false).size() == 1);
}

TEST_CASE("a cloud's login goes by TLS, whichever of a host's two descriptions says insecure") {
  const auto fields = [](const json::Value& value) { return json::read<registry::HostFields>(value, "source"); };
  const auto login = fields({{"host", ecr}, {"aws_region", "eu-west-1"}});
  const auto plain = fields({{"host", ecr}, {"insecure", true}});
  for (const auto& [own, other] : {std::pair(login, plain), std::pair(plain, login)}) {
    const auto hosts = registry::hosts_of(own, registry::to_options({other}));
    REQUIRE(hosts.size() == 1);
    CHECK(hosts[0].cloud);
    CHECK(hosts[0].scheme == registry::HostOptions::Scheme::https);
  }
}

TEST_CASE("what is contacted names Docker Hub's hosts and those of a cloud's login") {
  CHECK(registry::contacts_of(read({{"host", "r.example"}, {"insecure", true}})) ==
        "  r.example by http or https, anonymously\n");
  CHECK(registry::contacts_of(read({{"host", "docker.io"}, {"username", "u"}, {"password", "p"}})) ==
        "  registry-1.docker.io (Docker Hub) by https, as u\n  auth.docker.io by https, for Docker Hub's tokens\n");
  CHECK(registry::contacts_of(read({{"aws_region", "eu-west-1"}, {"aws_role_arn", role}, {"insecure", true}})) ==
        "  " + ecr + " by https, as " + role +
            " through what AWS gives the worker\n  sts.eu-west-1.amazonaws.com by "
            "https, for the login to " +
            ecr + "\n  api.ecr.eu-west-1.amazonaws.com by https, for the login to " + ecr + "\n");
}
