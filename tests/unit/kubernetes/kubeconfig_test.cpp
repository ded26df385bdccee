#include "kubernetes/kubeconfig.hpp"

#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "base/base64.hpp"
#include "base/error.hpp"

namespace {

const std::string certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const std::string private_key = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n";

// One of two clusters of a file, as kubectl writes it; tests change what they are about.
json::Value config() {
  return {{"apiVersion", "v1"},
          {"kind", "Config"},
          {"current-context", "staging"},
          {"clusters",
           {{{"name", "c1"},
             {"cluster",
              {{"server", "https://10.0.0.1:6443/k8s"}, {"certificate-authority-data", base::base64(certificate)}}}},
            {{"name", "c2"}, {"cluster", {{"server", "https://production.example"}}}}}},
          {"users",
           {{{"name", "ann"}, {"user", {{"token", "t0ken"}}}},
            {{"name", "eve"}, {"user", {{"exec", {{"command", "gke-gcloud-auth-plugin"}}}}}}}},
          {"contexts",
           {{{"name", "staging"}, {"context", {{"cluster", "c1"}, {"user", "ann"}, {"namespace", "apps"}}}},
            {{"name", "production"}, {"context", {{"cluster", "c2"}, {"user", "eve"}}}}}}};
}

kubernetes::Access read(const json::Value& value, const std::string& context = "") {
  return kubernetes::read_kubeconfig(value, context, "source.kubeconfig");
}

std::string refusal(const json::Value& value, const std::string& context = "") {
  try {
    (void)read(value, context);
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::usage);
    return error.what();
  }
  return "accepted";
}

std::string refused_user(const json::Value& user) {
  auto value = config();
  value["users"][0]["user"] = user;
  return refusal(value);
}

std::string refused_cluster(const json::Value& cluster) {
  auto value = config();
  value["clusters"][0]["cluster"].update(cluster);
  return refusal(value);
}

}  // namespace

TEST_CASE("the current context names cluster, user and namespace") {
  const auto access = read(config());
  CHECK(access.server.text() == "https://10.0.0.1:6443/k8s");
  CHECK(access.ca_certificates == certificate);
  CHECK(std::get<base::Secret>(access.identity).reveal() == "t0ken");
  CHECK(access.default_namespace == "apps");
  CHECK(access.verification == http::Verification::on);
}

TEST_CASE("a kubeconfig is taken as text, too") {
  CHECK(read(config().dump()).server.text() == "https://10.0.0.1:6443/k8s");
}

TEST_CASE("another context is chosen by name, and only what it names is judged") {
  auto value = config();
  CHECK(
      refusal(value, "production") ==
      "cannot read source.kubeconfig.users[1].user.exec: it would run the program \"gke-gcloud-auth-plugin\", which is "
      "not here; give a service account's token in users[].user.token (kubectl create serviceaccount build-service, "
      "kubectl create token build-service --duration 8760h)");
  CHECK(refusal(value, "staging") == "accepted");
  CHECK(refusal(value, "stagin") ==
        "cannot read source.context: \"stagin\" is not one of the kubeconfig's contexts; did you mean \"staging\"?");
  value["clusters"][1]["cluster"] = 17;
  CHECK(refusal(value) == "accepted");
}

TEST_CASE("credentials of the file do not matter where there are better ones") {
  const auto access = kubernetes::read_kubeconfig(config(), "production", "source.gke.kubeconfig",
                                                  kubernetes::FileCredentials::ignored);
  CHECK(access.server.text() == "https://production.example/");
  CHECK(std::holds_alternative<std::monostate>(access.identity));
}

TEST_CASE("without a current context the only one is taken, and of several one must be chosen") {
  auto value = config();
  value.erase("current-context");
  CHECK(refusal(value) ==
        "cannot read source.kubeconfig: it says no current-context; choose one by source.context: "
        "staging, production");
  value["contexts"].erase(1);
  CHECK(read(value).default_namespace == "apps");
  value.erase("contexts");
  CHECK(refusal(value).find("it has no contexts") != std::string::npos);
}

TEST_CASE("client certificates, token files, passwords and impersonation are read") {
  auto value = config();
  auto& user = value["users"][0]["user"];
  user = {{"client-certificate-data", base::base64(certificate)}, {"client-key-data", base::base64(private_key)}};
  CHECK(read(value).client_certificate->key.reveal() == private_key);
  CHECK(std::holds_alternative<std::monostate>(read(value).identity));
  user = {{"tokenFile", "/secrets/token"}, {"token", "older"}};
  CHECK(std::get<kubernetes::TokenFile>(read(value).identity).path == "/secrets/token");
  user = {{"username", "ann"}, {"password", "geheim"}};
  CHECK(std::get<http::Credentials>(read(value).identity).username == "ann");
  user = {{"token", "t0ken\n"}, {"as", "bob"}, {"as-groups", {"devs", "ops"}}};
  CHECK(std::get<base::Secret>(read(value).identity).reveal() == "t0ken");
  CHECK(read(value).headers == std::vector<std::pair<std::string, std::string>>{{"Impersonate-User", "bob"},
                                                                                {"Impersonate-Group", "devs"},
                                                                                {"Impersonate-Group", "ops"}});
}

TEST_CASE("the connection's own settings are read") {
  auto value = config();
  auto& cluster = value["clusters"][0]["cluster"];
  cluster = {{"server", "http://127.0.0.1:8001"},
             {"insecure-skip-tls-verify", true},
             {"tls-server-name", "kubernetes.default"},
             {"proxy-url", "socks5://ann:geheim@proxy.example:1080"}};
  const auto access = read(value);
  CHECK(access.verification == http::Verification::off);
  CHECK(access.tls_server_name == "kubernetes.default");
  CHECK(access.proxy->text() == "socks5://proxy.example:1080");
}

TEST_CASE("files and programs of another machine are refused with the remedy") {
  CHECK(
      refused_cluster({{"certificate-authority", "/etc/ca.pem"}}) ==
      "cannot read source.kubeconfig.clusters[0].cluster.certificate-authority: a file of another machine is not here; "
      "put its content into certificate-authority-data (base64): kubectl config view --flatten --minify");
  CHECK(refused_user({{"client-certificate", "/c.pem"}, {"client-key", "/k.pem"}})
            .find("users[0].user.client-certificate: a file of another machine") != std::string::npos);
  CHECK(refused_user({{"auth-provider", {{"name", "oidc"}}}}).find("the provider \"oidc\"") != std::string::npos);
  CHECK(refused_user({{"token", "t0ken"}, {"exec", {{"command", "aws"}}}}).find("program \"aws\"") !=
        std::string::npos);
  CHECK(refused_user({{"tokenFile", "token"}}).find("it is relative to a file that is not here") != std::string::npos);
}

TEST_CASE("damaged data are refused by the name of their field, and never shown") {
  CHECK(refused_cluster({{"certificate-authority-data", "a?b"}}) ==
        "cannot read source.kubeconfig.clusters[0].cluster.certificate-authority-data: it is not base64");
  CHECK(refused_cluster({{"certificate-authority-data", base::base64("geheim")}}).find("no PEM block CERTIFICATE") !=
        std::string::npos);
  CHECK(refused_user({{"client-certificate-data", base::base64(certificate)}}) ==
        "cannot read source.kubeconfig.users[0].user: client-key-data is missing");
  CHECK(refused_user({{"token", "two words"}}) ==
        "cannot read source.kubeconfig.users[0].user.token: it holds blanks or control characters");
  CHECK(refused_cluster({{"server", "10.0.0.1"}}).find("it is not an http or https URL") != std::string::npos);
  CHECK(refused_cluster({{"server", "https://ann:geheim@h"}}).find("it holds credentials") != std::string::npos);
  CHECK(refused_cluster({{"proxy-url", "ftp://p"}}).find("proxy-url: it is not the URL") != std::string::npos);
  CHECK(refused_cluster({{"insecure-skip-tls-verify", true}}).find("is given, too") != std::string::npos);
  CHECK(refusal("kind: Pod").find("it is a \"Pod\", not a kubeconfig") != std::string::npos);
  CHECK(refusal("[1]").find("expected a kubeconfig") != std::string::npos);
  auto value = config();
  value["contexts"][0]["context"]["cluster"] = "c9";
  CHECK(
      refusal(value) ==
      "cannot read source.kubeconfig.contexts[0].context.cluster: \"c9\" is not one of the kubeconfig's clusters; did "
      "you mean \"c1\"?");
  value["contexts"][0]["context"] = {{"cluster", "c1"}, {"namespace", "A_b"}};
  CHECK(refusal(value).find("\"A_b\" is not a DNS label") != std::string::npos);
}
