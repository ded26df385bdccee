#include "git/lfs.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "git/lfs_server.hpp"

namespace {

const std::string digest(64, 'a');

std::string pointer(const std::string& version, const std::string& end) {
  return "version " + version + end + "oid sha256:" + digest + end + "size 12" + end;
}

const base::WallTime now{std::chrono::seconds(1'700'000'000)};  // 2023-11-14T22:13:20Z

std::optional<base::WallTime> expiry(const json::Value& fields) {
  const git::LfsFile file{"a.bin", *git::parse_lfs_pointer(pointer("https://git-lfs.github.com/spec/v1", "\n"))};
  json::Value download{{"href", "https://storage.example/a"}};
  download.update(fields);
  const json::Value answer{{"objects", {{{"oid", digest}, {"actions", {{"download", download}}}}}}};
  return git::parse_lfs_batch(json::dump(answer), {file}, now, {}).at(0).expires;
}

}  // namespace

TEST_CASE("a link expires as the server says, and one that would have expired when it came is tried") {
  using std::chrono::seconds;
  CHECK(expiry({{"expires_in", 60}}) == now + seconds(60));
  CHECK(expiry({{"expires_in", 60}, {"expires_at", "2030-01-01T00:00:00Z"}}) == now + seconds(60));
  CHECK(expiry({{"expires_at", "2023-11-14T22:14:20Z"}}) == now + seconds(60));
  CHECK(expiry({{"expires_at", "2023-11-14T22:14:20.999Z"}}) == now + seconds(60));
  CHECK(expiry({{"expires_at", "2023-11-15T00:14:20+02:00"}}) == now + seconds(60));
  CHECK(expiry({{"expires_at", "2023-11-14T20:44:20-01:30"}}) == now + seconds(60));
  CHECK_FALSE(expiry({{"expires_at", "0001-01-01T00:00:00Z"}}));
  for (const char* odd : {"", "tomorrow", "2030-01-01T00:00:00", "2030-01-01T00:00:00+", "2030-01-01T00:00:00+1:00",
                          "2030-01-01T00:00:00+ab:cd"}) {
    CHECK_FALSE(expiry({{"expires_at", odd}}));
  }
  CHECK_FALSE(expiry({{"expires_in", 0}}));
  CHECK_FALSE(expiry({{"expires_in", -5}}));
  CHECK(expiry({{"expires_in", 9'000'000'000'000'000'000}}) > now);
  CHECK_FALSE(expiry(json::Value::object()));
}

TEST_CASE("an object whose error is null has none") {
  const git::LfsFile file{"a.bin", {base::Sha256::of("a"), 1}};
  const json::Value object = {{"oid", std::string(file.pointer.digest.hex())},
                              {"error", nullptr},
                              {"actions", {{"download", {{"href", "https://r.example/a"}}}}}};
  const json::Value answer = {{"objects", json::Value::array({object})}};
  CHECK(git::parse_lfs_batch(json::dump(answer), {file}, {}, {}).at(0).href == "https://r.example/a");
}

TEST_CASE("the batch API that moved is where its request was redirected to, and headers stay with their origin") {
  const git::LfsServer server{*http::Url::parse("https://git.example/old.git/info/lfs"),
                              {{"Authorization", "Bearer x"}}};
  const auto near =
      git::moved_lfs_server(server, *http::Url::parse("https://git.example/new.git/info/lfs/objects/batch"));
  CHECK(near.url.shown() == "https://git.example/new.git/info/lfs");
  CHECK(near.headers == server.headers);
  const auto far = git::moved_lfs_server(server, *http::Url::parse("https://other.example/lfs/objects/batch"));
  CHECK(far.headers.empty());
  CHECK_THROWS_AS(git::moved_lfs_server(server, *http::Url::parse("https://git.example/users/sign_in")), base::Error);
}

TEST_CASE("a pointer is read as git-lfs reads it, with older names of its format and whatever ends its lines") {
  for (const char* version :
       {"https://git-lfs.github.com/spec/v1", "https://hawser.github.com/spec/v1", "http://git-media.io/v/2"}) {
    for (const char* end : {"\n", "\r\n"}) {
      const auto found = git::parse_lfs_pointer(pointer(version, end));
      REQUIRE(found);
      CHECK(found->size == 12);
      CHECK(found->digest.hex() == digest);
    }
  }
}

TEST_CASE("what is not a pointer is a file") {
  CHECK_FALSE(git::parse_lfs_pointer(""));
  CHECK_FALSE(git::parse_lfs_pointer(pointer("https://example.com/spec/v1", "\n")));
  CHECK_FALSE(git::parse_lfs_pointer(pointer("https://git-lfs.github.com/spec/v1", " ")));
  CHECK_FALSE(git::parse_lfs_pointer(pointer("https://git-lfs.github.com/spec/v1", "\n") + std::string(1024, 'x')));
}
