#include "registry/pull.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "http/retrying.hpp"
#include "support/fixed_random.hpp"
#include "support/registry_world.hpp"

using registry::Descriptor;
using registry::Digest;
using test::RegistryWorld;

namespace {

const std::string manifest_bytes =
    R"({"schemaVersion":2,"config":{"digest":"sha256:)" + std::string(64, 'c') + R"(","size":2},"layers":[]})";
const http::Headers manifest_type{{"Content-Type", std::string(registry::media_type::oci_manifest)}};

Descriptor of(const std::string& bytes) { return {"x", base::Sha256::of(bytes), bytes.size(), {}, {}, ""}; }

base::Error cut() { return {base::ErrorKind::transient, {"read", "", "the connection broke", ""}}; }

// Answers each request with a part of a blob and then breaks the connection, as curl sees it.
class CuttingClient final : public http::Client {
 public:
  struct Part {
    int status;
    http::Headers headers;
    std::string bytes;
    bool breaks;
  };
  explicit CuttingClient(std::vector<Part> parts) : parts_(std::move(parts)) {}
  http::Response send(const http::Request& request) override {
    ranges.push_back(request.headers.get("Range").value_or(""));
    const Part part = parts_.at(next_++);
    http::Response response{part.status, part.headers, "", request.url};
    if (response.ok()) {
      request.sink->begin(response);
      request.sink->write(part.bytes);
    }
    if (part.breaks) throw cut();
    return response;
  }
  std::vector<std::string> ranges;

 private:
  std::vector<Part> parts_;
  std::size_t next_ = 0;
};

struct CutWorld {
  explicit CutWorld(std::vector<CuttingClient::Part> parts) : http(std::move(parts)) {}
  std::string read(const Descriptor& descriptor) {
    const auto client = registry::make_client(http, {}, log);
    std::string result;
    client->stream_blob({"r.example", "app"}, descriptor, [&](std::string_view bytes) { result += bytes; });
    return result;
  }
  std::string error_of(const Descriptor& descriptor) {
    try {
      static_cast<void>(read(descriptor));
    } catch (const base::Error& error) {
      return error.what();
    }
    return "";
  }
  test::ManualClock clock;
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock};
  CuttingClient http;
};

}  // namespace

TEST_CASE("a tag that is not there is nothing, not an error") {
  RegistryWorld world;
  world.server.answer(404);
  CHECK(!world.client->resolve(world.latest));
}

TEST_CASE("a HEAD without a digest or with a refusal is followed by a GET") {
  for (const int status : {200, 405}) {
    RegistryWorld world;
    world.server.answer(status);
    world.server.answer(200, manifest_type, manifest_bytes);
    CHECK(world.client->resolve(world.latest)->digest == base::Sha256::of(manifest_bytes));
    CHECK(world.lines()[1] == "GET https://r.example/v2/app/manifests/latest");
  }
}

TEST_CASE("a registry under load is not asked once more by GET") {
  RegistryWorld world;
  world.server.answer(429, {{"Retry-After", "600"}});
  CHECK_THROWS_AS(world.client->resolve(world.latest), base::Error);
  CHECK(world.server.seen.size() == 1);
}

TEST_CASE("a manifest whose bytes are not of its digest is an error") {
  RegistryWorld world;
  world.server.answer(200, manifest_type, manifest_bytes);
  CHECK_THROWS_AS(world.client->find_manifest(world.latest.with(base::Sha256::of("other"))), base::Error);
  world.server.answer(200, {{"Docker-Content-Digest", base::Sha256::of("other").text()}}, manifest_bytes);
  CHECK_THROWS_AS(world.client->find_manifest(world.latest), base::Error);
}

TEST_CASE("a platform that an index lacks is an error that lists what it has") {
  RegistryWorld world;
  const json::Value index = {{"mediaType", registry::media_type::oci_index},
                             {"manifests",
                              {{{"digest", base::Sha256::of("a").text()},
                                {"size", 1},
                                {"platform", {{"os", "linux"}, {"architecture", "amd64"}}}},
                               {{"digest", base::Sha256::of("b").text()},
                                {"size", 1},
                                {"platform", {{"os", "unknown"}, {"architecture", "unknown"}}}}}}};
  world.server.answer(200, {}, index.dump());
  try {
    static_cast<void>(world.client->find_image(world.latest, {"linux", "s390x", ""}));
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(
        std::string(error.what()) ==
        "cannot find image r.example/app:latest: it is not there for the platform linux/s390x; set source.platform to "
        "one of linux/amd64");
  }
}

TEST_CASE("indexes that lead in a circle end") {
  RegistryWorld world;
  for (int i = 0; i < 5; ++i) {
    const json::Value index = {{"mediaType", registry::media_type::oci_index},
                               {"manifests", {{{"digest", base::Sha256::of("a").text()}, {"size", 1}}}}};
    world.server.answer(200, {}, index.dump());
  }
  CHECK_THROWS_AS(world.client->find_image(world.latest, {"linux", "amd64", ""}), base::Error);
}

TEST_CASE("a blob cut half-way continues where it ended") {
  const std::string bytes = "0123456789";
  CutWorld world({{200, {}, "0123", true}, {206, {{"Content-Range", "bytes 4-9/10"}}, "456789", false}});
  CHECK(world.read(of(bytes)) == bytes);
  CHECK(world.http.ranges == std::vector<std::string>{"", "bytes=4-"});
}

TEST_CASE("the retrying client does not repeat what was cut: it is continued at once") {
  const std::string bytes = "0123456789";
  CutWorld world({{200, {}, "0123", true}, {206, {{"Content-Range", "bytes 4-9/10"}}, "456789", false}});
  test::FixedRandom random{0};
  const auto retrying =
      http::make_retrying(std::make_unique<test::ForwardingClient>(world.http), http::RetryPolicy{}, random, world.log);
  std::string result;
  registry::make_client(*retrying, {}, world.log)
      ->stream_blob({"r.example", "app"}, of(bytes), [&](std::string_view part) { result += part; });
  CHECK(result == bytes);
  CHECK(world.http.ranges == std::vector<std::string>{"", "bytes=4-"});
}

TEST_CASE("a server without ranges sends all again, and every byte is seen once") {
  const std::string bytes = "0123456789";
  CutWorld world({{200, {}, "0123", true}, {200, {}, bytes, false}});
  CHECK(world.read(of(bytes)) == bytes);
}

TEST_CASE("a range that is refused, or from elsewhere, means the whole again, and every byte is seen once") {
  const std::string bytes = "0123456789";
  for (const auto& odd : std::vector<CuttingClient::Part>{{400, {}, "", false},
                                                          {416, {}, "", false},
                                                          {206, {{"Content-Range", "bytes 5-9/10"}}, "56789", false},
                                                          {206, {{"Content-Range", "bytes 4-9/11"}}, "456789", false},
                                                          {206, {}, "456789", false}}) {
    CutWorld world({{200, {}, "0123", true}, odd, {200, {}, bytes, false}});
    CHECK(world.read(of(bytes)) == bytes);
    CHECK(world.http.ranges == std::vector<std::string>{"", "bytes=4-", ""});
  }
}

TEST_CASE("a server that sends nothing but the wrong part is given up") {
  std::vector<CuttingClient::Part> parts{{200, {}, "0123", true}};
  for (int i = 0; i < 20; ++i) parts.push_back({206, {{"Content-Range", "bytes 5-9/10"}}, "56789", false});
  CutWorld world(std::move(parts));
  CHECK(world.error_of(of("0123456789")).find("its transfer broke again and again, and 4 of 10 bytes came") !=
        std::string::npos);
}

TEST_CASE("a transfer that trickles and breaks is given up, one that gets on is not") {
  const std::string bytes(1'000'000, 'x');
  std::vector<CuttingClient::Part> trickle{{200, {}, "xx", true}};
  for (std::size_t i = 2; i < 40; i += 2) {
    trickle.push_back({206, {{"Content-Range", fmt::format("bytes {}-999999/1000000", i)}}, "xx", true});
  }
  CutWorld slow(std::move(trickle));
  CHECK(slow.error_of(of(bytes)).find("broke again and again, and 10 of 1000000 bytes came") != std::string::npos);
  std::vector<CuttingClient::Part> brisk{{200, {}, std::string(100'000, 'x'), true}};
  for (std::size_t i = 100'000; i < 1'000'000; i += 100'000) {
    brisk.push_back(
        {206, {{"Content-Range", fmt::format("bytes {}-999999/1000000", i)}}, std::string(100'000, 'x'), true});
  }
  CutWorld quick(std::move(brisk));
  CHECK(quick.read(of(bytes)) == bytes);
}

TEST_CASE("a registry whose HEAD is defective is asked by GET, for manifests and for blobs") {
  RegistryWorld world;
  world.server.answer(500);
  world.server.answer(200, manifest_type, manifest_bytes);
  CHECK(world.client->resolve(world.latest)->digest == base::Sha256::of(manifest_bytes));
  world.server.answer(500);
  world.server.answer(206, {{"Content-Range", "bytes 0-0/10"}}, "0");
  CHECK(world.client->has_blob(world.repository, base::Sha256::of("0123456789")));
  CHECK(world.server.seen.back().headers.get("Range") == "bytes=0-0");
  world.server.answer(500);
  world.server.answer(404);
  CHECK_FALSE(world.client->has_blob(world.repository, base::Sha256::of("x")));
}

TEST_CASE("what is only nice to have is asked for once and shortly") {
  RegistryWorld world;
  world.server.answer(500);
  CHECK_THROWS_AS(world.client->brief().find_manifest(world.latest), base::Error);
  CHECK(world.server.probes == std::vector<bool>{true});
  world.server.answer(200, manifest_type, manifest_bytes);
  CHECK(world.client->find_manifest(world.latest));
  CHECK(world.server.probes == std::vector<bool>{true, false});
}

TEST_CASE("altered bytes and too many bytes are errors") {
  CutWorld altered({{200, {}, "0123456780", false}});
  CHECK(altered.error_of(of("0123456789")).find("its bytes have the digest sha256:") != std::string::npos);
  CutWorld longer({{200, {}, "01234567890", false}});
  CHECK(longer.error_of(of("0123456789")).find("it has more than 10 bytes") != std::string::npos);
}

TEST_CASE("a connection that breaks without a byte is not tried for ever") {
  CutWorld world({{200, {}, "0123", true}, {206, {{"Content-Range", "bytes 4-9/10"}}, "", true}});
  CHECK(world.error_of(of("0123456789")).find("the connection broke") != std::string::npos);
}

TEST_CASE("a blob larger than its reader allows is not read") {
  RegistryWorld world;
  CHECK_THROWS_AS(world.client->blob(world.repository, of("0123456789"), 9), base::Error);
  CHECK(world.server.seen.empty());
}
