#include "fleet/params.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "fleet/source.hpp"

using namespace fleet;

namespace {

std::string failure(const json::Value& params) {
  try {
    static_cast<void>(read_put_params(params, {}));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

std::string source_failure(const json::Value& source) {
  try {
    static_cast<void>(read_source(source));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a limit is a number of images or a share of them") {
  const auto limit = [](const json::Value& value) { return json::read<Limit>(value, "params.limit"); };
  CHECK(limit(3U).of(10) == 3);
  CHECK(limit("3").of(2) == 2);
  CHECK(limit("10%").of(1000) == 100);
  CHECK(limit("10%").of(3) == 1);
  CHECK(limit("100%").of(7) == 7);
  CHECK(limit("10%").of(0) == 0);
  for (const auto* bad : {"0", "0%", "101%", "-1", "some", "5 %", "99999999999", "%"}) {
    CHECK_THROWS_AS(limit(bad), base::Error);
  }
  CHECK_THROWS_AS(limit(0U), base::Error);
  CHECK_THROWS_AS(limit(1.5), base::Error);
}

TEST_CASE("bad params of a fleet's put name the field, the cause and the remedy") {
  CHECK(failure({{"run_image", "r.example.com/run"}}).empty());
  CHECK(holds(failure(json::Value::object()), "run_image"));
  CHECK(failure({{"rollback", "before"}, {"run_image", "run"}}) ==
        "cannot read params.run_image: it means nothing beside params.rollback; leave one of the two out");
  CHECK(holds(failure({{"run_image", "run"}, {"only", {"a", ""}}}), "cannot read params.only[1]: an empty pattern"));
  CHECK(holds(failure({{"run_image", "run"}, {"max_failures", 0}}), "cannot read params.max_failures:"));
  CHECK(holds(failure({{"run_image", "run"}, {"rate", 0}}), "cannot read params.rate:"));
  CHECK(holds(failure({{"run_image", "run"}, {"tag", "no tag"}}), "cannot read params.tag: \"no tag\" is not a tag"));
  CHECK(holds(failure({{"run_image", "run"}, {"fail_on", {"faild", "failed"}}}), "did you mean \"failed\"?"));
  const json::Value pin = json::Value::array({{{"image", "a"}}});
  CHECK(holds(failure({{"run_image", "run"}, {"pin", pin}}), "params.pin[0]"));
  CHECK(holds(failure({{"run_image", "run"}, {"dry_rum", true}}), "dry_run"));
}

TEST_CASE("a fleet's source names its record and its images") {
  const json::Value repositories = json::Value::array({{{"repository", "r.example.com/acme/many"}, {"tags", "^v"}}});
  const json::Value registries = json::Value::array({{{"host", "other.example.com"}, {"insecure", true}}});
  const auto source = read_source({{"fleet",
                                    {{"record", "r.example.com/acme/fleet"},
                                     {"images", {"r.example.com/acme/app:main", "other.example.com/app"}},
                                     {"repositories", repositories}}},
                                   {"username", "robot"},
                                   {"password", "word"},
                                   {"registries", registries}});
  CHECK(source.record.text() == "r.example.com/acme/fleet:latest");
  CHECK(source.images.at(1).text() == "other.example.com/app:latest");
  CHECK(source.repositories.at(0).tags.takes("v1"));
  REQUIRE(source.hosts.size() == 2);
  CHECK(source.hosts[0].host == "r.example.com");
  CHECK(source.hosts[0].credentials->name() == "robot");
  CHECK(source.hosts[1].scheme == registry::HostOptions::Scheme::http);
}

TEST_CASE("a bad source of a fleet names the field") {
  const auto fails = [](const json::Value& fleet) { return source_failure({{"fleet", fleet}}); };
  CHECK(
      fails({{"record", "r.example.com/f"}}) ==
      "cannot read source.fleet: it names no images; list images, or repositories with a pattern of tags, or name the "
      "cluster_stack that kpack builds them on");
  CHECK(holds(fails({{"images", {"a", "b"}}}), "record"));
  const auto by_digest = "r.example.com/a@sha256:" + std::string(64, 'a');
  CHECK(fails({{"record", "r.example.com/f"}, {"images", {by_digest, "b"}}}) ==
        "cannot read source.fleet.images[0]: a digest cannot be moved to a new base; name a tag");
  CHECK(fails({{"record", "r.example.com/f"}, {"cluster_stack", "base"}, {"cluster_builder", "full"}}) ==
        "cannot read source.fleet.cluster_builder: cluster_stack is given, too, and a fleet stands on one of them; "
        "make a "
        "resource for each");
  const json::Value repositories = json::Value::array({{{"repository", "r.example.com/a:b"}}});
  CHECK(holds(fails({{"record", "r.example.com/f"}, {"repositories", repositories}}),
              "source.fleet.repositories[0].repository"));
}
