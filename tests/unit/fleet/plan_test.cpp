#include "fleet/plan.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace fleet;

namespace {

const auto image = registry::Reference::parse("r.example.com/acme/app:main", "test");

Standing behind(const std::string& platform = "linux/amd64") {
  Standing result;
  result.platform = platform;
  result.by_buildpacks = true;
  result.on_this_base = true;
  result.has_base = true;
  result.stands_on = "r.example.com/run@sha256:0";
  return result;
}

template <class Change>
Standing but(const Change& change, const std::string& platform = "linux/amd64") {
  auto result = behind(platform);
  change(result);
  return result;
}

Verdict judged(const std::vector<Standing>& images, bool is_index = false, const std::vector<Pin>& pins = {}) {
  return judge(image, {is_index, images}, pins);
}

PutParams choosing(std::vector<std::string> only, std::vector<std::string> exclude) {
  PutParams params;
  params.only = std::move(only);
  params.exclude = std::move(exclude);
  return params;
}

}  // namespace

TEST_CASE("an image's state follows from what is known of it and of the base") {
  using Expected = Verdict;
  CHECK(judged({behind()}) == Expected{State::planned, ""});
  CHECK(judged({but([](auto& one) { one.current = true; })}) == Expected{State::current, ""});
  CHECK(judged({but([](auto& one) { one.by_buildpacks = false; })}) ==
        Expected{State::not_rebasable, "it was not built by buildpacks"});
  CHECK(judged({but([](auto& one) { one.on_this_base = false; })}) ==
        Expected{State::other_base, "it stands on r.example.com/run@sha256:0"});
  CHECK(judged({but([](auto& one) {
          one.on_this_base = false;
          one.stands_on = "";
        })}) == Expected{State::other_base, "it does not name its base"});
  CHECK(judged({but([](auto& one) { one.has_base = false; })}) ==
        Expected{State::no_base, "there is no base for linux/amd64"});
  CHECK(judged({but([](auto& one) { one.obstacle = "it says so"; })}) == Expected{State::not_rebasable, "it says so"});
  CHECK(judged({but([](auto& one) { one.pin = "audit until June"; })}) == Expected{State::pinned, "audit until June"});
  CHECK(judged({but([](auto& one) { one.pin = ""; })}) ==
        Expected{State::pinned, "the label io.build-service.fleet.pin"});
  CHECK(judged({but([](auto& one) { one.pin = "a\x1b[2Jb"; })}).reason == "a?[2Jb");
  CHECK(judged({}) == Expected{State::unreadable, "the index lists no image"});
}

TEST_CASE("a pin wins over all that would be done, and over what could not be") {
  const std::vector<Pin> pins{{"acme/other", "no"}, {"acme/*", "frozen"}, {"*", "later"}};
  CHECK(judged({behind()}, false, pins) == Verdict{State::pinned, "frozen"});
  CHECK(judged({but([](auto& one) { one.by_buildpacks = false; })}, false, pins).state == State::pinned);
}

TEST_CASE("an index follows as a whole: what holds one of its images back holds all") {
  const auto current = but([](auto& one) { one.current = true; }, "linux/arm64");
  CHECK(judged({behind(), behind("linux/arm64")}, true).state == State::planned);
  CHECK(judged({behind(), current}, true).state == State::planned);
  CHECK(judged({current, current}, true).state == State::current);
  CHECK(judged({behind(), but([](auto& one) { one.has_base = false; }, "linux/arm64")}, true) ==
        Verdict{State::no_base, "index: there is no base for linux/arm64"});
  CHECK(judged({behind(), but([](auto& one) { one.obstacle = "no"; }, "linux/arm64")}, true) ==
        Verdict{State::not_rebasable, "linux/arm64: no"});
  CHECK(judged({behind(), but([](auto& one) { one.pin = "frozen"; }, "linux/arm64")}, true).state == State::pinned);
}

TEST_CASE("what params leave out is not read") {
  CHECK_FALSE(left_out(image, {}));
  CHECK_FALSE(left_out(image, choosing({"other/*", "acme/*"}, {})));
  CHECK(left_out(image, choosing({"other/*"}, {})) == Verdict{State::left_out, "params.only does not name it"});
  CHECK(left_out(image, choosing({"acme/*"}, {"*:main"})) == Verdict{State::left_out, "params.exclude names it"});
}

TEST_CASE("a limit leaves the first ones of those that would be moved") {
  std::vector<Verdict> verdicts{{State::current, ""}, {}, {State::pinned, "x"}, {}, {}, {}};
  apply_limit(verdicts, {2, Limit::Unit::images});
  CHECK(verdicts[0].state == State::current);
  CHECK(verdicts[1].state == State::planned);
  CHECK(verdicts[2].state == State::pinned);
  CHECK(verdicts[3].state == State::planned);
  CHECK(verdicts[4] == Verdict{State::left_out, "beyond params.limit"});
  CHECK(verdicts[5].state == State::left_out);
}

TEST_CASE("an image goes back when nobody has moved it since the last put") {
  const auto judged_way = [](const WayBack& way) { return judge_way_back(image, way, {}); };
  CHECK(judged_way({"a@1", "a@2", "a@2"}).state == State::planned);
  CHECK(judged_way({"a@1", "a@2", "a@1"}).state == State::current);
  CHECK(judged_way({"a@1", "a@2", "a@3"}) == Verdict{State::moved, "its tag was moved since the last put"});
  CHECK(judged_way({"a@1", "a@2", ""}) == Verdict{State::moved, "its tag is gone"});
  CHECK(judged_way({"a@1", "", "a@2"}) == Verdict{State::moved, "the last put does not know it"});
  CHECK(judged_way({"", "a@2", "a@2"}).state == State::left_out);
  CHECK(judge_way_back(image, {"a@1", "a@2", "a@2"}, {{"*", "why"}}) == Verdict{State::pinned, "why"});
}

TEST_CASE("a plan says how much it writes, and how long that takes at a rate") {
  CHECK(text_of({12, 84}, std::nullopt) == "12 images, 84 writes");
  CHECK(text_of({1, 7}, 500) == "1 image, 7 writes, 840 ms at 500 writes a minute");
  CHECK(text_of({1000, 7000}, 2000) == "1000 images, 7000 writes, 3 min 30 s at 2000 writes a minute");
}
