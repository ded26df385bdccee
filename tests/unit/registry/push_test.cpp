#include "registry/push.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "http/retrying.hpp"
#include "support/fixed_random.hpp"
#include "support/registry_world.hpp"

using registry::Client;
using registry::Descriptor;
using test::RegistryWorld;

namespace {

const std::string bytes = "0123456789";

Descriptor blob() { return {"x", base::Sha256::of(bytes), bytes.size(), {}, {}, ""}; }

// A registry whose uploads break after some bytes; it keeps what came, as docker-registry does.
class BreakingRegistry final : public http::Client {
 public:
  explicit BreakingRegistry(std::vector<std::size_t> breaks) : breaks_(std::move(breaks)) {}

  http::Response send(const http::Request& request) override {
    lines.emplace_back(http::name_of(request.method));
    if (request.method == http::Method::patch) return patch(request);
    if (request.method == http::Method::head) return {complete ? 200 : 404, {}, "", request.url};
    if (request.method == http::Method::post) {
      stored.clear();
      return {202, {{"Location", "/v2/app/blobs/uploads/1?_state=a"}}, "", request.url};
    }
    if (request.method == http::Method::get) {
      return {204, {{"Range", fmt::format("0-{}", stored.empty() ? 0 : stored.size() - 1)}}, "", request.url};
    }
    return put(request);
  }

  std::string expected = bytes;
  std::string stored;
  std::vector<std::string> lines;
  std::vector<std::string> ranges;
  bool complete = false;
  bool loses_last_answer = false;
  int lost_blobs = 0;  // so often it says "created" and has nothing

 private:
  http::Response put(const http::Request& request) {
    take(request);
    complete = stored == expected;
    if (complete && lost_blobs > 0) {
      --lost_blobs;
      complete = false;
      return {201, {}, "", request.url};
    }
    if (complete && loses_last_answer) throw base::Error(base::ErrorKind::transient, {"reach", "", "it broke", ""});
    return {complete ? 201 : 400, {}, "", request.url};
  }

  http::Response patch(const http::Request& request) {
    take(request);
    return {202, {{"Location", "/v2/app/blobs/uploads/1?_state=b"}}, "", request.url};
  }

  void take(const http::Request& request) {
    ranges.push_back(request.headers.get("Content-Range").value_or(""));
    request.body->rewind(0);
    std::string part(request.body->size(), '\0');
    const std::size_t limit = breaks_.empty() ? part.size() : breaks_.front();
    part.resize(request.body->read(part.data(), std::min(limit, part.size())));
    stored += part;
    if (!breaks_.empty()) {
      breaks_.erase(breaks_.begin());
      // What the retrying client would do next.
      request.body->rewind(0);
      throw base::Error(base::ErrorKind::transient, {"reach", "", "the connection broke", ""});
    }
  }

  std::vector<std::size_t> breaks_;
};

struct BrokenWorld {
  explicit BrokenWorld(std::vector<std::size_t> breaks) : http(std::move(breaks)) {}
  Client::Upload push() {
    return registry::make_client(http, {}, log)->put_blob({"r.example", "app"}, blob(), http::text_body(bytes));
  }
  test::ManualClock clock;
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock};
  BreakingRegistry http;
};

}  // namespace

TEST_CASE("a blob that is there is not sent") {
  RegistryWorld world;
  world.server.answer(200);
  CHECK(world.client->put_blob(world.repository, blob(), http::text_body(bytes)) == Client::Upload::existed);
  CHECK(world.server.seen.size() == 1);
}

TEST_CASE("a blob is sent by POST and PUT") {
  RegistryWorld world;
  world.server.answer(404);
  world.server.answer(202, {{"Location", "https://r.example/v2/app/blobs/uploads/1?_state=a%2Bb"}});
  world.server.answer(201);
  CHECK(world.client->put_blob(world.repository, blob(), http::text_body(bytes)) == Client::Upload::sent);
  CHECK(world.lines()[1] == "POST https://r.example/v2/app/blobs/uploads/");
  CHECK(world.lines()[2] == "PUT https://r.example/v2/app/blobs/uploads/1?_state=a%2Bb&digest=sha256%3A" +
                                std::string(blob().digest.hex()));
  CHECK(world.server.seen[2].body == bytes);
}

TEST_CASE("an upload that breaks continues where the registry says") {
  BrokenWorld world({4, 3});
  CHECK(world.push() == Client::Upload::sent);
  CHECK(world.http.stored == bytes);
  CHECK(world.http.ranges == std::vector<std::string>{"", "4-9", "7-9"});
}

TEST_CASE("a blob that is lost after an upload which broke is sent anew") {
  BrokenWorld world({4});
  world.http.lost_blobs = 1;
  CHECK(world.push() == Client::Upload::sent);
  CHECK(world.http.complete);
  CHECK(world.http.ranges == std::vector<std::string>{"", "4-9", ""});
}

TEST_CASE("a registry that loses each blob that it says it has is an error") {
  BrokenWorld world({4});
  world.http.lost_blobs = 100;
  CHECK_THROWS_AS(world.push(), base::Error);
}

TEST_CASE("an upload that nothing disturbs costs no further question") {
  BrokenWorld world({});
  CHECK(world.push() == Client::Upload::sent);
  CHECK(world.http.lines == std::vector<std::string>{"HEAD", "POST", "PUT"});
}

TEST_CASE("an upload that gets no byte further is given up after eight attempts") {
  BrokenWorld world(std::vector<std::size_t>(100, 0));
  CHECK_THROWS_AS(world.push(), base::Error);
  CHECK(world.http.ranges.size() == 8);
}

TEST_CASE("an upload that breaks often and gets further each time comes to its end") {
  BrokenWorld world({1, 1, 1, 1, 1, 1, 1, 1});
  CHECK(world.push() == Client::Upload::sent);
  CHECK(world.http.stored == bytes);
}

TEST_CASE("a large blob goes by PATCH, which a registry keeps a part of, and is closed by PUT") {
  const std::string large(2'000'000, 'x');
  BrokenWorld world({700'000});
  world.http.expected = large;
  const Descriptor descriptor{"x", base::Sha256::of(large), large.size(), {}, {}, ""};
  const auto client = registry::make_client(world.http, {}, world.log);
  CHECK(client->put_blob({"r.example", "app"}, descriptor, http::text_body(large)) == Client::Upload::sent);
  CHECK(world.http.complete);
  CHECK(world.http.lines == std::vector<std::string>{"HEAD", "POST", "PATCH", "GET", "PATCH", "PUT", "HEAD"});
  CHECK(world.http.ranges == std::vector<std::string>{"", "700000-1999999", ""});
}

TEST_CASE("a layer of Docker's goes as Docker sends it, of any size") {
  RegistryWorld world;
  world.server.answer(404);
  world.server.answer(202, {{"Location", "https://r.example/v2/app/blobs/uploads/1"}});
  world.server.answer(202, {{"Location", "https://r.example/v2/app/blobs/uploads/2"}});
  world.server.answer(201);
  auto layer = blob();
  layer.media_type = registry::media_type::docker_layer_gzip;
  CHECK(world.client->put_blob(world.repository, layer, http::text_body(bytes)) == Client::Upload::sent);
  CHECK(world.lines()[2] == "PATCH https://r.example/v2/app/blobs/uploads/1");
  CHECK(world.lines()[3].starts_with("PUT https://r.example/v2/app/blobs/uploads/2?digest="));
}

TEST_CASE("an upload whose last answer was lost is found complete") {
  BrokenWorld world({});
  world.http.loses_last_answer = true;
  CHECK(world.push() == Client::Upload::sent);
  CHECK(world.http.stored == bytes);
}

TEST_CASE("an upload that the registry has forgotten is begun anew") {
  RegistryWorld world;
  const http::Headers location{{"Location", "/v2/app/blobs/uploads/1"}};
  world.server.answer(404);
  world.server.answer(202, location);
  world.server.answer(404, {}, R"({"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]})");
  world.server.answer(404);
  world.server.answer(202, location);
  world.server.answer(201);
  world.server.answer(200);  // it is there
  CHECK(world.client->put_blob(world.repository, blob(), http::text_body(bytes)) == Client::Upload::sent);
}

TEST_CASE("a refused upload is an error that names the blob") {
  RegistryWorld world;
  world.server.answer(404);
  world.server.answer(403, {}, R"({"errors":[{"code":"DENIED","message":"read only"}]})");
  try {
    static_cast<void>(world.client->put_blob(world.repository, blob(), http::text_body(bytes)));
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::denied);
    CHECK(std::string(error.what()) ==
          "cannot push blob r.example/app@" + blob().digest.text() +
              ": HTTP status 403 Forbidden (DENIED: read only); give username and password "
              "in source");
  }
}

TEST_CASE("credentials do not follow an upload to another host") {
  RegistryWorld world(http::Credentials{"user", base::Secret("password")});
  world.server.answer(401, {{"WWW-Authenticate", "Basic realm=x"}});
  world.server.answer(404);
  world.server.answer(202, {{"Location", "https://storage.example/upload?sig=1"}});
  world.server.answer(201);
  CHECK(world.client->put_blob(world.repository, blob(), http::text_body(bytes)) == Client::Upload::sent);
  CHECK(!world.authorization(2).empty());
  CHECK(world.authorization(3).empty());
}

TEST_CASE("a registry behind a proxy that ends TLS is not followed into plain HTTP") {
  RegistryWorld world;
  world.server.answer(404);
  world.server.answer(202, {{"Location", "http://r.example/v2/app/blobs/uploads/1"}});
  world.server.answer(201);
  CHECK(world.client->put_blob(world.repository, blob(), http::text_body(bytes)) == Client::Upload::sent);
  CHECK(world.lines()[2].starts_with("PUT https://r.example/v2/app/blobs/uploads/1?digest="));
}

TEST_CASE("a blob is mounted where the registry can and refused mounts mean an upload") {
  RegistryWorld world;
  const registry::Repository from{"r.example", "base"};
  world.server.answer(201);
  CHECK(world.client->mount_blob(world.repository, blob().digest, from));
  CHECK(world.lines()[0] == "POST https://r.example/v2/app/blobs/uploads/?mount=sha256%3A" +
                                std::string(blob().digest.hex()) + "&from=base");
  for (const int status : {202, 400, 401, 403, 404, 405}) {
    world.server.answer(status);
    CHECK(!world.client->mount_blob(world.repository, blob().digest, from));
  }
  CHECK(!world.client->mount_blob(world.repository, blob().digest, {"other.example", "base"}));
}

TEST_CASE("a blob that cannot be there yet is sent without a question") {
  RegistryWorld world;
  world.server.answer(202, {{"Location", "/v2/app/blobs/uploads/1"}});
  world.server.answer(201);
  world.client->put_new_blob(world.repository, blob(), http::text_body(bytes));
  CHECK(world.lines().size() == 2);
}

TEST_CASE("the right to write is proven by one request where the empty blob is there, and by two before") {
  RegistryWorld world;
  world.server.answer(201);
  world.client->require_write_access(world.repository);
  CHECK(world.lines()[0].find(
            "?mount=sha256%3A44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a&from=app") !=
        std::string::npos);
  world.server.answer(202, {{"Location", "/v2/app/blobs/uploads/1"}});
  world.server.answer(201);
  world.client->require_write_access(world.repository);
  CHECK(world.lines().size() == 3);
}

TEST_CASE("who may not write is told so, with the field of the credentials") {
  for (const int status : {401, 403}) {
    RegistryWorld world(http::Credentials{"user", base::Secret("password")});
    world.server.answer(status, {}, R"({"errors":[{"code":"DENIED"}]})");
    // A 401 without a challenge is answered by Basic, once.
    if (status == 401) world.server.answer(status, {}, R"({"errors":[{"code":"DENIED"}]})");
    try {
      world.client->require_write_access(world.repository);
      FAIL("no error");
    } catch (const base::Error& error) {
      CHECK(error.kind() == base::ErrorKind::denied);
      CHECK(error.status() == status);
      CHECK(error.code() == "DENIED");
      CHECK(error.report().action == "write to");
      CHECK(error.report().remedy == "check username and password in source and what they may do");
    }
  }
}

TEST_CASE("an upload's offset is one more than the last byte, and zero when in doubt") {
  CHECK(registry::parse_upload_offset("0-99") == 100);
  CHECK(registry::parse_upload_offset("bytes=0-99") == 100);
  CHECK(registry::parse_upload_offset("0-0") == 0);
  for (const auto* text : {"", "0-", "1-2", "0--1", "0-x", "0-99999999999999999999"}) {
    CHECK(!registry::parse_upload_offset(text));
  }
}

TEST_CASE("a manifest that was stored otherwise is an error") {
  RegistryWorld world;
  world.server.answer(201, {{"Docker-Content-Digest", base::Sha256::of("other").text()}});
  const auto manifest = registry::parse_raw(std::string(registry::media_type::oci_index), R"({"manifests":[]})", "x");
  CHECK_THROWS_AS(world.client->put_manifest(world.latest, manifest), base::Error);
}

namespace {

const auto other_image = registry::parse_raw(std::string(registry::media_type::oci_index), R"({"manifests":[]})", "x");

http::Headers named(const base::Digest& digest) {
  return {{"Docker-Content-Digest", digest.text()}, {"Content-Length", "10"}, {"Content-Type", "x"}};
}

// The client behind one that makes the pauses, as in a step.
struct RetriedWorld {
  test::ManualClock clock;
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock};
  test::FixedRandom random{4};
  test::ScriptedHttpClient server;
  std::unique_ptr<http::Client> retrying =
      http::make_retrying(std::make_unique<test::ForwardingClient>(server), http::RetryPolicy{}, random, log);
  registry::Reference tag{{"r.example", "app"}, "main", std::nullopt};
  std::unique_ptr<Client> client = registry::make_client(*retrying, {}, log);
};

}  // namespace

TEST_CASE("a tag is moved when it still names what was seen, and left alone when not") {
  const auto seen = base::Sha256::of("seen");
  RetriedWorld world;
  world.server.answer(200, named(seen));
  world.server.answer(201);
  CHECK(world.client->move_tag(world.tag, seen, world.tag, other_image).is_moved);
  world.server.answer(200, named(base::Sha256::of("newer")));
  const auto left = world.client->move_tag(world.tag, seen, world.tag, other_image);
  CHECK_FALSE(left.is_moved);
  CHECK(left.found == base::Sha256::of("newer"));
  world.server.answer(404);
  const auto gone = world.client->move_tag(world.tag, seen, world.tag, other_image);
  CHECK_FALSE(gone.is_moved);
  CHECK_FALSE(gone.found);
  // A copy of it is another tag.
  world.server.answer(200, named(seen));
  world.server.answer(201);
  CHECK(world.client->move_tag(world.tag, seen, world.tag.with_tag("staging"), other_image).is_moved);
  CHECK(world.server.seen.back().url == "https://r.example/v2/app/manifests/staging");
}

TEST_CASE("a tag is looked at again before each attempt to move it") {
  const auto seen = base::Sha256::of("seen");
  RetriedWorld world;
  world.server.answer(200, named(seen));
  world.server.answer(503);
  world.server.answer(200, named(base::Sha256::of("newer")));
  const auto left = world.client->move_tag(world.tag, seen, world.tag, other_image);
  CHECK_FALSE(left.is_moved);
  CHECK(world.server.left() == 0);
  // Only the answer was lost.
  world.server.answer(200, named(seen));
  world.server.fail(base::Error(base::ErrorKind::transient, {"reach", "", "the connection broke", ""}));
  world.server.answer(200, named(other_image.digest));
  CHECK(world.client->move_tag(world.tag, seen, world.tag, other_image).is_moved);
  // In the end it is an error.
  for (int i = 0; i < 8; ++i) {
    world.server.answer(200, named(seen));
    world.server.answer(503);
  }
  CHECK_THROWS_AS(world.client->move_tag(world.tag, seen, world.tag, other_image), base::Error);
  CHECK(world.server.left() == 0);
}

TEST_CASE("when something was pushed is known where the registry says it") {
  RetriedWorld world;
  world.server.answer(200, {{"Last-Modified", "Thu, 01 Jan 2026 00:00:10 GMT"}});
  CHECK(world.client->pushed_at(world.tag) == base::WallTime(std::chrono::seconds(1'767'225'610)));
  world.server.answer(200, {{"Last-Modified", "lately"}});
  CHECK_FALSE(world.client->pushed_at(world.tag));
  world.server.answer(200);
  CHECK_FALSE(world.client->pushed_at(world.tag));
}

namespace {

const std::string large(2'000'000, 'x');
Descriptor large_blob() { return {"x", base::Sha256::of(large), large.size(), {}, {}, ""}; }
const http::Headers upload{{"Location", "/v2/app/blobs/uploads/1"}};

http::Headers taken(const std::string& range) { return {{"Location", "/v2/app/blobs/uploads/1"}, {"Range", range}}; }

}  // namespace

TEST_CASE("a 202 that says less than was sent is continued from there") {
  RegistryWorld world;
  world.server.answer(202, upload);
  world.server.answer(202, taken("0-999999"));
  world.server.answer(202, taken("0-1999999"));
  world.server.answer(201);
  world.server.answer(200);  // it is there
  world.client->put_new_blob(world.repository, large_blob(), http::text_body(large));
  CHECK(world.server.seen[1].body.size() == 2'000'000);
  CHECK(world.server.seen[2].body.size() == 1'000'000);
  CHECK(world.server.seen[2].headers.get("Content-Range") == "1000000-1999999");
  CHECK(world.lines()[3].starts_with("PUT "));
}

TEST_CASE("a registry that takes nothing and says so is given up") {
  RegistryWorld world;
  world.server.answer(202, upload);
  for (int i = 0; i < 8; ++i) world.server.answer(202, taken("0-0"));
  world.server.answer(404);  // is it there nevertheless?
  try {
    world.client->put_new_blob(world.repository, large_blob(), http::text_body(large));
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(std::string(error.what()).find("the registry took 0 of 2000000 bytes") != std::string::npos);
  }
}

TEST_CASE("DIGEST_INVALID after a PATCH means a new beginning, in one piece") {
  RegistryWorld world;
  world.server.answer(202, upload);
  world.server.answer(202, upload);
  world.server.answer(400, {}, R"({"errors":[{"code":"DIGEST_INVALID"}]})");
  world.server.answer(404);  // is it there nevertheless?
  world.server.answer(202, upload);
  world.server.answer(201);
  world.server.answer(200);  // it is there
  world.client->put_new_blob(world.repository, large_blob(), http::text_body(large));
  CHECK(world.server.seen[5].method == http::Method::put);
  CHECK(world.server.seen[5].body == large);
}

TEST_CASE("DIGEST_INVALID again is the registry's word, and not a passing failure") {
  RegistryWorld world;
  world.server.answer(202, upload);
  world.server.answer(202, upload);
  world.server.answer(400, {}, R"({"errors":[{"code":"DIGEST_INVALID"}]})");
  world.server.answer(404);
  world.server.answer(202, upload);
  world.server.answer(400, {}, R"({"errors":[{"code":"DIGEST_INVALID"}]})");
  try {
    world.client->put_new_blob(world.repository, large_blob(), http::text_body(large));
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::protocol);
    CHECK(error.code() == "DIGEST_INVALID");
  }
}

TEST_CASE("an upload is not sent to a private address") {
  RegistryWorld world(http::Credentials{"user", base::Secret("password")});
  for (const auto* location :
       {"https://169.254.169.254/x", "https://10.0.0.1/x", "https://localhost./x", "https://[::1]/x"}) {
    world.server.answer(202, {{"Location", location}});
    CHECK_THROWS_AS(world.client->put_new_blob(world.repository, blob(), http::text_body(bytes)), base::Error);
  }
  CHECK(world.server.seen.size() == 4);
}
