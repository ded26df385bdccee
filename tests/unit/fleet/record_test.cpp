#include "fleet/record.hpp"

#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "base/error.hpp"
#include "unit/fleet/fleet_examples.hpp"

using namespace fleet;

namespace {

std::string refusal(const std::function<void(json::Value&)>& alter) {
  auto value = to_json(test::fleet_record());
  alter(value);
  try {
    static_cast<void>(parse_fleet_record(json::dump(value), "the record"));
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::protocol);
    return error.report().cause;
  }
  return "";
}

std::string refusal_of_image(const std::string& member, const json::Value& altered) {
  return refusal([&](auto& value) { value["images"][0][member] = altered; });
}

}  // namespace

TEST_CASE("a fleet's record is read as it was written") {
  auto record = test::fleet_record();
  record.rolled_back_to = base::Sha256::of("earlier").text();
  follow(record, test::fleet_record(), base::Sha256::of("previous").text());
  const auto text = json::dump(to_json(record));
  CHECK(json::dump(to_json(parse_fleet_record(text, "the record"))) == text);
}

TEST_CASE("members of later versions are passed over") {
  CHECK(refusal([](auto& value) { value["later"] = {{"a", 1}}; }).empty());
  CHECK(refusal_of_image("later", true).empty());
}

TEST_CASE("a record that was altered is refused with what is wrong in it") {
  CHECK(refusal([](auto& value) { value = json::Value::array(); }) == "it is not an object");
  CHECK(refusal([](auto& value) { value.erase("record"); }) == "record is not text");
  CHECK(refusal([](auto& value) { value["number"] = -1; }) == "number is not a whole number");
  CHECK(refusal([](auto& value) { value["seconds"] = "long"; }) == "seconds is not a time");
  CHECK(refusal([](auto& value) { value["images"] = {{"a", 1}}; }) == "images is not a list");
  CHECK(refusal([](auto& value) { value["images"][0] = 1; }) == "images has an entry that is not an object");
  CHECK(refusal([](auto& value) { value["bases"][0]["packages"] = 1; }) == "packages is not an object");
  CHECK(refusal([](auto& value) { value["bases"][0]["packages"]["added"] = 1; }) == "added is not a list");
  CHECK(refusal_of_image("image", "r.example.com/acme/broken:main") == "image is not an image by digest");
  CHECK(refusal_of_image("image", "$(reboot)") == "image is not an image by digest");
  CHECK(refusal_of_image("image", test::image_of("evil.example.com/x", "y")) == "image is of another repository");
  CHECK(refusal_of_image("tag", "a b") == "tag is not a tag");
  CHECK_FALSE(refusal_of_image("repository", "UPPER CASE").empty());
  CHECK(refusal_of_image("state", "happy") == "state \"happy\" is not known");
  CHECK(refusal_of_image("reason", std::string(5000, 'a')) == "reason is longer than 4096 bytes");
}

TEST_CASE("the list of earlier puts is in order, and of digests") {
  const auto earlier = [](std::uint64_t number, const std::string& fleet) {
    return json::Value{{"number", number}, {"fleet", fleet}, {"run_image", ""}, {"operation", ""},
                       {"finished", ""},   {"changed", 0U},  {"failed", 0U}};
  };
  const auto digest = base::Sha256::of("x").text();
  const auto with = [&](const std::vector<json::Value>& list) {
    return refusal([&](auto& value) {
      value["number"] = 3U;
      value["earlier"] = list;
    });
  };
  CHECK(with({earlier(2, digest), earlier(1, digest)}).empty());
  CHECK(with({earlier(1, digest), earlier(2, digest)}) == "its list of earlier puts is not in order");
  CHECK(with({earlier(3, digest)}) == "its list of earlier puts is not in order");
  CHECK(with({earlier(0, digest)}) == "its list of earlier puts is not in order");
  CHECK(with({earlier(1, "latest")}) == "fleet is not a digest");
  CHECK(with(std::vector<json::Value>(100, earlier(1, digest))) == "earlier has more than 99 entries");
}

TEST_CASE("controls in a record's texts cannot drive a terminal") {
  auto record = test::fleet_record();
  record.images[0].reason = "a\x1b[31mb\nc";
  CHECK(parse_fleet_record(json::dump(to_json(record)), "the record").images[0].reason == "a?[31mb c");
}

TEST_CASE("a record follows another: its number, and a history that is bounded") {
  auto record = test::fleet_record();
  for (int i = 0; i < 150; ++i) {
    auto next = test::fleet_record();
    follow(next, record, base::Sha256::of(std::to_string(i)).text());
    record = std::move(next);
  }
  CHECK(record.number == 151);
  CHECK(record.earlier.size() == 99);
  CHECK(record.earlier.front().fleet == base::Sha256::of("149").text());
  CHECK(record.earlier.front().changed == 2);
  CHECK(record.earlier.front().failed == 1);
}

TEST_CASE("a sentence says what happened") {
  CHECK(sentence_of(test::fleet_record()) ==
        "5 images: 1 current already, 2 rebased, 1 pinned, 1 failed; 1 needs a build");
  CHECK(sentence_of({}) == "0 images: no images");
}

TEST_CASE("each state has a name of its own") {
  for (const auto state : states()) CHECK(state_named(name_of(state)) == state);
  CHECK_FALSE(state_named("happy"));
}
