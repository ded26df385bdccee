// What a put by kpack leaves in the record: a way back writes it to a cluster.
#include <catch2/catch_test_macros.hpp>

#include "fleet/kpack_settings.hpp"
#include "fleet_world.hpp"
#include "support/failure.hpp"

using json::Value;

namespace {

fleet::FleetRecord record() {
  fleet::FleetRecord record;
  record.record = "r.example.com/fleet:main";
  record.operation = fleet::operation::kpack;
  record.run_image = "r.example.com/run@sha256:" + std::string(64, 'b');
  record.target = fleet::TargetSetting{{kpack::TargetKind::stack, "base"},
                                       {{"id", "jammy"}, {"runImage.image", "r.example.com/run:1"}},
                                       {{"id", "jammy"}, {"runImage.image", "r.example.com/run:2"}}};
  fleet::FleetImage image;
  image.repository = "r.example.com/app";
  image.tag = "main";
  image.state = fleet::State::unfinished;
  image.resource = "apps/app";
  record.images = {image};
  return record;
}

fleet::FleetRecord read(const Value& value) { return fleet::parse_fleet_record(json::dump(value), "a record"); }

}  // namespace

TEST_CASE("what the stack was set to is kept, and which Image an image is of") {
  const auto again = read(to_json(record()));
  REQUIRE(again.target);
  CHECK(again.target->target == kpack::Target{kpack::TargetKind::stack, "base"});
  CHECK(again.target->before.at("runImage.image") == "r.example.com/run:1");
  CHECK(again.target->now.at("runImage.image") == "r.example.com/run:2");
  CHECK(again.images.at(0).resource == "apps/app");
  CHECK(again.images.at(0).state == fleet::State::unfinished);
  CHECK(again.failed() == 1);
}

TEST_CASE("nothing but what a put sets is taken from a record") {
  auto altered = to_json(record());
  altered["target"]["new"]["serviceAccountRef.name"] = "admin";
  CHECK_FALSE(read(altered).target->now.contains("serviceAccountRef.name"));
  const auto refused = [&](const Value& target) {
    auto value = to_json(record());
    value["target"] = target;
    return test::failure([&] { static_cast<void>(read(value)); });
  };
  CHECK(refused({{"kind", "Secret"}, {"name", "base"}}).find("not a ClusterStack") != std::string::npos);
  const Value none = Value::object();
  const Value sources = {{"sources", "all of them"}};
  CHECK(refused({{"kind", "ClusterStore"}, {"name", "packs"}, {"old", none}, {"new", sources}}).find("is not a list") !=
        std::string::npos);
  const Value image = {{"runImage.image", Value::array()}};
  CHECK(refused({{"kind", "ClusterStack"}, {"name", "base"}, {"old", none}, {"new", image}}).find("is not text") !=
        std::string::npos);
}

TEST_CASE("the way back to a dry run is to what was there, and not to what would have been") {
  test::FleetWorld world;
  fleet::FleetRecord earlier = record();
  earlier.target =
      fleet::TargetSetting{{kpack::TargetKind::builder, "base"}, {{"stack.name", "jammy"}}, {{"stack.name", "noble"}}};
  const auto source = fleet::read_source(world.source);
  const fleet::PutParams params;
  const std::optional<fleet::StoredFleet> standing;
  const fleet::Operation operation{source, params,  world.inputs.path(), world.registry, world.context, world.log,
                                   {},     standing};
  const auto name = [&] {
    return wanted_of_version(operation, earlier, earlier.target->target).settings.at("stack.name");
  };
  CHECK(name() == "noble");
  earlier.operation = fleet::operation::dry_run;
  CHECK(name() == "jammy");
}
