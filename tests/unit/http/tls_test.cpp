#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "http/curl_client.hpp"
#include "support/failure.hpp"
#include "support/tls_server.hpp"

namespace {

std::string get(const test::TlsServer& server, http::ConnectionOptions options,
                const base::Environment::Variables& variables = {}) {
  const base::Environment environment(variables);
  std::ostringstream text;
  base::Log log(text, base::Colour::off, base::system_clock());
  const auto client = http::make_curl_client(environment, std::move(options), log);
  http::Request request;
  request.url = *http::Url::parse(server.url());
  return client->send(request).body;
}

http::ConnectionOptions trusting(const test::Identity& identity) {
  http::ConnectionOptions options;
  options.ca_certificates = {identity.certificate};
  return options;
}

}  // namespace

TEST_CASE("a server is asked for the name that its certificate has, while the request stays for its address") {
  const auto identity = test::make_identity("kubernetes.default");
  const test::TlsServer server(identity);
  auto options = trusting(identity);
  options.tls_server_name = "kubernetes.default";
  CHECK(get(server, options) == "kubernetes.default " + server.authority() + " -");
}

TEST_CASE("a server without the name that is asked for is refused") {
  const auto identity = test::make_identity("kubernetes.default");
  const test::TlsServer server(identity);
  CHECK(test::failure([&] { (void)get(server, trusting(identity)); }).find("127.0.0.1") != std::string::npos);
  auto options = trusting(identity);
  options.tls_server_name = "other.default";
  CHECK(test::failure([&] { (void)get(server, options); }).starts_with("cannot read " + server.url()));
  options.tls_server_name = "kubernetes.default";
  options.ca_certificates = {test::make_identity("kubernetes.default").certificate};
  CHECK_FALSE(test::failure([&] { (void)get(server, options); }).empty());
}

TEST_CASE("an authority is trusted that lies in a directory under any name") {
  const auto identity = test::make_identity("kubernetes.default");
  const test::TlsServer server(identity);
  http::ConnectionOptions options;
  options.tls_server_name = "kubernetes.default";
  const base::TemporaryDirectory other("other");
  const base::TemporaryDirectory folder("certificates");
  const base::Environment::Variables variables{{"SSL_CERT_DIR", other.path().string() + ":" + folder.path().string()}};
  CHECK_FALSE(test::failure([&] { (void)get(server, options, variables); }).empty());
  std::ofstream(folder.path() / "README") << "what lies here is trusted";
  std::filesystem::create_symlink("nowhere", folder.path() / "lost.pem");
  std::ofstream(folder.path() / "company.pem") << identity.certificate;
  CHECK(get(server, options, variables) == "kubernetes.default " + server.authority() + " -");
}

TEST_CASE("a client certificate is shown to the server that wants one") {
  const auto identity = test::make_identity("localhost");
  const auto ann = test::make_identity("ann");
  const test::TlsServer server(identity, ann);
  auto options = trusting(identity);
  options.tls_server_name = "localhost";
  CHECK_FALSE(test::failure([&] { (void)get(server, options); }).empty());
  options.client_certificate = http::ClientCertificate{base::Secret(ann.certificate), base::Secret(ann.key)};
  CHECK(get(server, options) == "localhost " + server.authority() + " ann");
}
