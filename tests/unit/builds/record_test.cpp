#include "builds/record.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/digest.hpp"

using namespace builds;

namespace {

BuildRecord full_record() {
  BuildRecord record;
  record.number = 7;
  record.kind = "build";
  record.image = "r.example.com/app@" + base::Sha256::of("image").text();
  record.tag = "main";
  record.changes = {{Reason::commit, "a", "b"}, {Reason::stack, "c", "d"}};
  record.origin = {"b", "https://git.example.com/app.git", "https://git.example.com/c/b", "", "", ""};
  record.builder = "r.example.com/builder";
  record.run_image = "r.example.com/run@" + base::Sha256::of("run").text();
  record.build_url = "https://ci.example.com/builds/1";
  record.started = "2026-01-31T12:00:00Z";
  record.finished = "2026-01-31T12:00:09Z";
  record.seconds = 9.5;
  record.phases = {{"PREPARING", 0.5, 0.25}};
  record.layers = 5;
  record.reused = 4;
  record.uploaded = 1000;
  record.size = 20000;
  record.earlier = {{6, base::Sha256::of("6").text(), base::Sha256::of("r6").text(), "CONFIG", "2026-01-30T12:00:00Z"}};
  return record;
}

}  // namespace

TEST_CASE("a record comes back as it was written") {
  const auto record = full_record();
  const auto read = parse_build_record(json::dump(to_json(record)));
  REQUIRE(read);
  CHECK(to_json(*read) == to_json(record));
  CHECK(read->changes == record.changes);
}

TEST_CASE("what is not a record, or is a later version's, is read as far as it goes") {
  CHECK_FALSE(parse_build_record("no JSON"));
  CHECK_FALSE(parse_build_record("{}"));
  CHECK_FALSE(parse_build_record("[]"));
  const auto later = parse_build_record(
      R"({"number":3,"changes":[{"reason":"MOON","old":"1","new":"2"},{"reason":"STACK"}],"phases":[7],"new":{}})");
  REQUIRE(later);
  CHECK(later->number == 3);
  CHECK(later->changes == std::vector{Change{Reason::stack, "", ""}});
}

TEST_CASE("what only some engines know is left out where it is not known") {
  const auto plain = to_json(full_record());
  CHECK(plain["status"] == "SUCCESS");
  for (const auto* name : {"engine", "fleet", "subject"}) CHECK_FALSE(plain.contains(name));
  auto record = full_record();
  record.status = status::failure;
  record.engine = "kpack";
  record.fleet = "r.example.com/fleet@" + base::Sha256::of("fleet").text();
  record.origin.subject = "Say Hello";
  record.origin.author = "Ann";
  record.origin.author_page = "https://git.example.com/ann";
  const auto read = parse_build_record(json::dump(to_json(record)));
  REQUIRE(read);
  CHECK(read->status == "FAILURE");
  CHECK(read->engine == "kpack");
  CHECK(read->fleet == record.fleet);
  CHECK(read->origin.subject == "Say Hello");
  CHECK(read->origin.author == "Ann");
  CHECK(read->origin.author_page == "https://git.example.com/ann");
}
