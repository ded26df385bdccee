#include "http/curl_client.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/error.hpp"
#include "base/termination.hpp"
#include "support/local_server.hpp"

using namespace std::chrono_literals;
using base::ErrorKind;
using test::LocalServer;

namespace {

struct World {
  explicit World(base::Environment::Variables variables = {}, http::ConnectionOptions options = {})
      : environment(std::move(variables)), client(http::make_curl_client(environment, std::move(options), log)) {}

  base::Environment environment;
  std::ostringstream text;
  base::Log log{text, base::Colour::off, base::system_clock(), base::Verbosity::debug};
  std::unique_ptr<http::Client> client;
};

http::Request request_to(const std::string& url) {
  http::Request request;
  request.url = *http::Url::parse(url);
  return request;
}

ErrorKind failure_of(http::Client& client, const http::Request& request) {
  try {
    static_cast<void>(client.send(request));
  } catch (const base::Error& error) {
    return error.kind();
  }
  FAIL("no error");
  return ErrorKind::internal;
}

void answer_hello(const std::string& /*request*/, const LocalServer::Send& send) {
  send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Twice: a\r\nx-twice:  b \r\n\r\nhello");
}

class Collecting final : public http::Sink {
 public:
  void restart() override { bytes.clear(); }
  void write(std::string_view more) override { bytes += more; }
  std::string bytes = "void";
};

}  // namespace

TEST_CASE("status, headers and body of a response are read") {
  const LocalServer server(answer_hello);
  World world;
  const auto response = world.client->send(request_to(server.url("/a?b=c")));
  CHECK(response.status == 200);
  CHECK(response.body == "hello");
  CHECK(response.headers.all("X-TWICE") == std::vector<std::string>{"a", "b"});
  CHECK(server.requests().at(0).starts_with("GET /a?b=c HTTP/1.1\r\n"));
}

TEST_CASE("a sink sees the body of a success and never that of an error") {
  World world;
  auto sink = std::make_shared<Collecting>();
  {
    const LocalServer server(answer_hello);
    auto request = request_to(server.url());
    request.sink = sink;
    CHECK(world.client->send(request).body.empty());
    CHECK(sink->bytes == "hello");
  }
  const LocalServer server(
      [](const auto&, const auto& send) { send("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone"); });
  auto request = request_to(server.url());
  request.sink = sink;
  CHECK(world.client->send(request).body == "gone");
  CHECK(sink->bytes == "hello");
}

TEST_CASE("a body that was cut is a passing failure, not a short success") {
  const LocalServer server(
      [](const auto&, const auto& send) { send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello"); });
  World world;
  CHECK(failure_of(*world.client, request_to(server.url())) == ErrorKind::transient);
}

TEST_CASE("an answer beyond its bound is refused") {
  const LocalServer server([](const auto&, const auto& send) {
    send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < 64; ++i) send(std::string(65536, 'x'));
  });
  World world;
  auto request = request_to(server.url());
  request.body_limit = 1000;
  CHECK(failure_of(*world.client, request) == ErrorKind::protocol);
}

TEST_CASE("a server that never answers is given up after the stall time") {
  const LocalServer server([](const auto&, const auto&) { std::this_thread::sleep_for(4s); });
  http::ConnectionOptions options;
  options.stall_timeout = 1s;
  World world({}, options);
  const auto start = std::chrono::steady_clock::now();
  CHECK(failure_of(*world.client, request_to(server.url())) == ErrorKind::transient);
  CHECK(std::chrono::steady_clock::now() - start < 3500ms);
}

TEST_CASE("a request to end stops a transfer that is waiting") {
  base::watch_for_termination();
  const LocalServer server([](const auto&, const auto&) { std::this_thread::sleep_for(3s); });
  World world;
  std::thread killer([] {
    std::this_thread::sleep_for(100ms);
    base::request_termination_for_test();
  });
  CHECK_THROWS_AS(world.client->send(request_to(server.url())), base::Aborted);
  killer.join();
  base::forget_termination_for_test();
}

TEST_CASE("a request can be cancelled from outside while it waits, and what ends it is not an Error") {
  const LocalServer server([](const auto&, const auto&) { std::this_thread::sleep_for(3s); });
  World world;
  auto request = request_to(server.url());
  const auto cancellation = std::make_shared<base::Cancellation>();
  request.cancellation = cancellation;
  std::thread other([&] {
    std::this_thread::sleep_for(100ms);
    cancellation->request();
  });
  CHECK_THROWS_AS(world.client->send(request), base::Cancelled);
  other.join();
  CHECK_THROWS_AS(world.client->send(request), base::Cancelled);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("a request's own bound on silence stands instead of the connection's") {
  const LocalServer server([](const auto&, const auto& send) {
    send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na");
    std::this_thread::sleep_for(2500ms);
    send("b");
  });
  http::ConnectionOptions options;
  options.stall_timeout = 1s;
  World world({}, options);
  CHECK(failure_of(*world.client, request_to(server.url())) == ErrorKind::transient);
  auto request = request_to(server.url());
  request.silence = 600s;
  CHECK(world.client->send(request).body == "ab");
}

TEST_CASE("a proxy that is given stands instead of the environment's") {
  const LocalServer proxy(answer_hello);
  http::ConnectionOptions options;
  options.proxy = http::Proxy::parse("http://ann:geheim@127.0.0.1:" + std::to_string(proxy.port()));
  World world({{"http_proxy", "http://127.0.0.1:1"}, {"no_proxy", "*"}}, options);
  CHECK(world.client->send(request_to("http://git.example/x")).status == 200);
  CHECK(proxy.requests().at(0).starts_with("GET http://git.example/x HTTP/1.1\r\n"));
  CHECK(proxy.requests().at(0).find("Proxy-Authorization: Basic YW5uOmdlaGVpbQ==\r\n") != std::string::npos);
}

TEST_CASE("an answer of endless header fields is refused") {
  const LocalServer server([](const auto&, const auto& send) {
    send("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 2000; ++i) send("X-More: 1\r\n");
  });
  World world;
  CHECK(failure_of(*world.client, request_to(server.url())) == ErrorKind::protocol);
}

TEST_CASE("a body is sent with its length, by the method asked for") {
  const LocalServer server(answer_hello);
  World world;
  for (const auto method : {http::Method::put, http::Method::patch, http::Method::post}) {
    auto request = request_to(server.url("/upload"));
    request.method = method;
    request.body = http::text_body(std::string(300'000, 'x'));
    request.headers.set("Content-Type", "application/octet-stream");
    CHECK(world.client->send(request).status == 200);
    const auto seen = server.requests().back();
    CHECK(seen.starts_with(std::string(http::name_of(method)) + " /upload HTTP/1.1\r\n"));
    CHECK(seen.find("Content-Length: 300000\r\n") != std::string::npos);
    CHECK(seen.find("Expect:") == std::string::npos);
    CHECK(seen.size() - seen.find("\r\n\r\n") - 4 == 300'000);
  }
}

TEST_CASE("a POST without a body says so") {
  const LocalServer server(answer_hello);
  World world;
  auto request = request_to(server.url());
  request.method = http::Method::post;
  CHECK(world.client->send(request).status == 200);
  CHECK(server.requests().back().find("Content-Length: 0\r\n") != std::string::npos);
}

TEST_CASE("the proxy of the environment is used, and not for hosts of no_proxy") {
  const LocalServer proxy(answer_hello);
  {
    World world({{"http_proxy", proxy.url()}});
    CHECK(world.client->send(request_to("http://git.example/x")).status == 200);
    CHECK(proxy.requests().at(0).starts_with("GET http://git.example/x HTTP/1.1\r\n"));
  }
  const LocalServer server(answer_hello);
  World world({{"http_proxy", proxy.url()}, {"no_proxy", "127.0.0.1"}});
  CHECK(world.client->send(request_to(server.url())).status == 200);
  CHECK(proxy.requests().size() == 1);
}

TEST_CASE("a header that holds a line break is not sent") {
  const LocalServer server(answer_hello);
  World world;
  auto request = request_to(server.url());
  request.headers.set("X-Note", "a\r\nInjected: b");
  CHECK(failure_of(*world.client, request) == ErrorKind::usage);
  CHECK(server.requests().empty());
}

TEST_CASE("a host that cannot be found or reached is a passing failure that names the URL") {
  World world;
  try {
    static_cast<void>(world.client->send(request_to("http://127.0.0.1:1/x")));
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(error.kind() == ErrorKind::transient);
    CHECK(std::string(error.what()).starts_with("cannot read http://127.0.0.1:1/x: "));
  }
}

TEST_CASE("what is not a certificate is refused, with the field that it came from") {
  http::ConnectionOptions options;
  options.ca_certificates = {"not a certificate"};
  options.certificates_named_by = "source.ca_certs";
  try {
    const World world({}, options);
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(std::string(error.what()) ==
          "cannot read source.ca_certs: it holds what is not a certificate in PEM form; a certificate begins with "
          "-----BEGIN CERTIFICATE-----");
  }
}
