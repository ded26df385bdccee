#include "kubernetes/connection.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

namespace {

struct Source : kubernetes::ConnectionFields {
  std::string image;
};

void describe(json::Fields<Source>& fields) {
  fields.required("image", &Source::image, "the name");
  kubernetes::describe_connection(fields);
}

kubernetes::Cluster read(json::Value source) {
  source["image"] = "app";
  return kubernetes::read_cluster(json::read<Source>(source, "source"));
}

std::string refusal(const json::Value& source) {
  try {
    (void)read(source);
  } catch (const base::Error& error) {
    return error.what();
  }
  return "accepted";
}

const json::Value kubeconfig = {{"current-context", "c"},
                                {"contexts", {{{"name", "c"}, {"context", {{"cluster", "c"}, {"user", "u"}}}}}},
                                {"clusters", {{{"name", "c"}, {"cluster", {{"server", "https://k.example"}}}}}},
                                {"users", {{{"name", "u"}, {"user", {{"exec", {{"command", "x"}}}}}}}}};

}  // namespace

TEST_CASE("a cluster is named in exactly one way") {
  const std::string ways = "; give one of source.kubeconfig, source.cluster, source.gke, source.tkgi, source.pks";
  CHECK(refusal(json::Value::object()) == "cannot read source: it names no cluster" + ways);
  CHECK(refusal({{"kubeconfig", kubeconfig}, {"cluster", {{"server", "https://k"}, {"token", "t"}}}}) ==
        "cannot read source: it names several clusters" + ways);
  CHECK(refusal({{"context", "c"}, {"cluster", {{"server", "https://k"}, {"token", "t"}}}}) ==
        "cannot read source.context: there is no kubeconfig that it could be one of; leave it out");
}

TEST_CASE("a server and a token need no kubeconfig") {
  const auto cluster =
      read({{"cluster", {{"server", "https://k.example:6443"}, {"token", "t"}, {"ca_certs", {"PEM"}}}}});
  CHECK(cluster.access.server.authority() == "k.example:6443");
  CHECK(cluster.access.ca_certificates == "PEM\n");
  CHECK(refusal({{"cluster", {{"server", "k.example"}, {"token", "t"}}}}) ==
        "cannot read source.cluster.server: it is not an http or https URL");
  CHECK(refusal({{"cluster", {{"server", "https://k"}, {"token", "a b"}}}}).find("holds blanks") != std::string::npos);
}

TEST_CASE("the key of a service account stands in the place of the kubeconfig's user") {
  const json::Value key = {{"client_email", "ci"}, {"private_key", "p"}};
  const auto cluster = read({{"gke", {{"json_key", key.dump()}, {"kubeconfig", kubeconfig.dump()}}}});
  CHECK(kubernetes::contact_of(cluster) == "k.example by https, as ci, by a token of oauth2.googleapis.com");
}

TEST_CASE("tkgi and pks say where the API and where the cluster is") {
  const json::Value login = {{"api", "https://api.tkgi.example:8443/"},
                             {"cluster", "c1.example"},
                             {"username", "ann"},
                             {"password", "geheim"}};
  for (const auto* name : {"tkgi", "pks"}) {
    const auto cluster = read({{name, login}});
    CHECK(cluster.access.server.text() == "https://c1.example:8443/");
    CHECK(std::get<kubernetes::UaaLogin>(cluster.login).token_url.text() ==
          "https://api.tkgi.example:8443/oauth/token");
    CHECK(cluster.access.verification == http::Verification::on);
  }
  auto other = login;
  other["insecure"] = true;
  CHECK(read({{"pks", other}}).access.verification == http::Verification::off);
  other["api"] = "http://api.example";
  CHECK(refusal({{"pks", other}}) == "cannot read source.pks.api: a password is not sent over plain http");
}
