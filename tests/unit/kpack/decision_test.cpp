#include "kpack/decision.hpp"

#include <catch2/catch_test_macros.hpp>

#include "world.hpp"

using kpack::Aim;
using kpack::Observation;
using kpack::Verdict;
using test::BuildSpec;
using test::ImageSpec;

namespace {

// A put of the revision "bbbb", which became generation 2 when build #1 was the newest.
struct Case {
  std::string what;
  ImageSpec image;
  std::vector<BuildSpec> builds;
  Verdict verdict;
  std::uint64_t build = 0;
  std::string why = {};
};

Aim aim_at(const std::string& revision = "bbbb") {
  Aim aim;
  aim.uid = "u1";
  aim.generation = 2;
  aim.newest_before = 1;
  aim.source = kpack::Source{kpack::Source::Kind::git, "", revision, ""};
  return aim;
}

Observation seen(const Case& world) {
  Observation result{test::image(world.image), {}};
  for (const auto& spec : world.builds) result.builds.push_back(test::build(spec));
  return result;
}

void check(const Case& world, const Aim& aim) {
  INFO(world.what);
  const auto decision = kpack::decide(aim, seen(world));
  CHECK(decision.verdict == world.verdict);
  CHECK(decision.build == world.build);
  if (!world.why.empty()) CHECK(decision.why == world.why);
}

const BuildSpec old_build{1, 1, "aaaa", "True"};
const BuildSpec old_running{1, 1, "aaaa", ""};

}  // namespace

TEST_CASE("of all builds the lowest of the generation, the owner and the commit is followed") {
  const ImageSpec running{2, 2, "bbbb", "Unknown", "BuildRunning", "app-build-2"};
  for (const auto& world : std::vector<Case>{
           {"a new one runs", running, {old_build, {2, 2, "bbbb", ""}}, Verdict::follow, 2},
           {"it has ended by now", running, {old_build, {2, 2, "bbbb", "False"}}, Verdict::follow, 2},
           {"the Image's news come later", {2, 1, "bbbb"}, {old_build, {2, 2, "bbbb", ""}}, Verdict::follow, 2},
           {"two of them", running, {{3, 2, "bbbb", ""}, {2, 2, "bbbb", "True"}, old_build}, Verdict::follow, 2},
           {"a later generation of the same commit", {3, 3, "bbbb"}, {{4, 3, "bbbb", ""}}, Verdict::follow, 4},
           {"one of another commit came between",
            running,
            {old_build, {2, 2, "cccc", "True"}, {3, 2, "bbbb", ""}},
            Verdict::follow,
            3},
           {"one of an earlier generation",
            running,
            {old_build, {2, 1, "bbbb", ""}},
            Verdict::wait,
            0,
            "behind build #2, which runs"},
           {"one of a namesake that was deleted", running, {{2, 2, "bbbb", "", "u0"}}, Verdict::wait},
       }) {
    check(world, aim_at());
  }
}

TEST_CASE("an older build that runs is waited for, though the Image's generation was seen") {
  check({"generation seen, reference old",
         {2, 2, "bbbb", "Unknown", "BuildRunning", "app-build-1"},
         {old_running},
         Verdict::wait,
         0,
         "behind build #1, which runs"},
        aim_at());
  check({"generation not seen",
         {2, 1, "bbbb", "Unknown", "BuildRunning", "app-build-1"},
         {old_running},
         Verdict::wait,
         0,
         "behind build #1, which runs"},
        aim_at());
}

TEST_CASE("no build is needed when the Image is ready and the commit was built") {
  const BuildSpec built{1, 1, "bbbb", "True"};
  check({"ready", {2, 2, "bbbb"}, {built}, Verdict::stands, 1}, aim_at());
  check({"ready, the newest of several",
         {2, 2, "bbbb"},
         {built, {0, 1, "bbbb"}, {3, 1, "bbbb", "False"}},
         Verdict::stands,
         1},
        aim_at());
  check({"ready, but for what was before",
         {2, 1, "bbbb"},
         {built},
         Verdict::wait,
         0,
         "kpack has not looked at the change yet (generation 2, it knows 1)"},
        aim_at());
  check({"ready, and the commit never built",
         {2, 2, "bbbb"},
         {old_build},
         Verdict::wait,
         0,
         "kpack has not looked up the source yet"},
        aim_at());
  check({"ready by a build that is not seen yet",
         {2, 2, "bbbb", "True", "UpToDate", "app-build-2"},
         {built},
         Verdict::wait,
         0,
         "app-build-2 is about to be seen"},
        aim_at());
}

TEST_CASE("what somebody put before and is being built is followed") {
  const ImageSpec image{2, 2, "bbbb", "Unknown", "BuildRunning", "app-build-1"};
  check({"same generation", image, {{1, 2, "bbbb", ""}}, Verdict::follow, 1}, aim_at());
}

TEST_CASE("a failure from before is built again") {
  const ImageSpec failed{2, 2, "bbbb", "False", "BuildFailed", "app-build-1"};
  check({"of the same commit",
         failed,
         {{1, 2, "bbbb", "False"}},
         Verdict::trigger,
         1,
         "build #1 of the same source failed before"},
        aim_at());
  check({"not seen by kpack yet", {2, 1, "bbbb", "False", "BuildFailed"}, {{1, 1, "bbbb", "False"}}, Verdict::wait},
        aim_at());
  check({"of another commit", failed, {{1, 1, "aaaa", "False"}}, Verdict::wait}, aim_at());
}

TEST_CASE("after an annotation the next build counts, and what came between is annotated in its turn") {
  auto aim = aim_at();
  aim.annotated = 1;
  const ImageSpec image{2, 2, "bbbb", "False", "BuildFailed", "app-build-1"};
  const BuildSpec failed{1, 2, "bbbb", "False"};
  check({"not yet", image, {failed}, Verdict::wait, 0, "kpack has not made the build after #1 yet"}, aim);
  check({"there it is", image, {failed, {2, 2, "bbbb", ""}}, Verdict::follow, 2}, aim);
  check({"the annotated one still runs", image, {{1, 2, "bbbb", ""}}, Verdict::wait, 0, "behind build #1, which runs"},
        aim);
  check({"another came between", image, {failed, {2, 1, "aaaa", ""}}, Verdict::trigger, 2, "build #2 came between"},
        aim);
  aim.annotated = 2;
  check({"and the one after it", image, {failed, {2, 1, "aaaa", "True"}, {3, 2, "bbbb", ""}}, Verdict::follow, 3}, aim);
}

TEST_CASE("a wish for a new build is fulfilled by one that comes anyway, or else by an annotation") {
  auto aim = aim_at();
  aim.wish = Aim::Wish::new_build;
  const BuildSpec built{1, 2, "bbbb", "True"};
  check({"nothing to build", {2, 2, "bbbb"}, {built}, Verdict::trigger, 1, "the trigger is set"}, aim);
  check({"one comes anyway", {2, 2, "bbbb"}, {built, {2, 2, "bbbb", ""}}, Verdict::follow, 2}, aim);
  check({"the same is being built",
         {2, 2, "bbbb", "Unknown", "BuildRunning", "app-build-1"},
         {{1, 2, "bbbb", ""}},
         Verdict::trigger,
         1},
        aim);
  check({"something older is being built",
         {2, 2, "bbbb", "Unknown", "BuildRunning", "app-build-1"},
         {old_running},
         Verdict::wait},
        aim);
  check({"kpack has not looked yet", {2, 1, "bbbb"}, {built}, Verdict::wait}, aim);
}

TEST_CASE("a put that another overtook is told so") {
  const ImageSpec overtaken{3, 3, "cccc", "Unknown", "BuildRunning", "app-build-2"};
  check({"the other's is being built",
         overtaken,
         {old_build, {2, 3, "cccc", ""}},
         Verdict::superseded,
         0,
         "the Image was changed to cccc meanwhile (generation 3)"},
        aim_at());
  check({"kpack has not looked at it yet", {3, 2, "cccc", "Unknown", "", "app-build-1"}, {old_build}, Verdict::wait},
        aim_at());
  check({"its build is not seen yet", overtaken, {old_build}, Verdict::wait}, aim_at());
  check({"ours came first", overtaken, {old_build, {2, 2, "bbbb", ""}}, Verdict::follow, 2}, aim_at());
  check({"ours is being built", overtaken, {{1, 2, "bbbb", ""}, {2, 3, "cccc"}}, Verdict::superseded}, aim_at());
  check({"something else than the source was changed", {3, 3, "bbbb"}, {{1, 1, "bbbb"}}, Verdict::stands, 1}, aim_at());
}

TEST_CASE("a builder that is missing or not ready is told apart from other waiting") {
  check({"missing", {2, 2, "bbbb", "False", "BuilderNotFound"}, {old_build}, Verdict::builder, 0, "BuilderNotFound"},
        aim_at());
  check({"not ready", {2, 2, "bbbb", "False", "BuilderNotReady"}, {old_build}, Verdict::builder, 0, "BuilderNotReady"},
        aim_at());
  check({"of the Image before", {2, 1, "bbbb", "False", "BuilderNotFound"}, {old_build}, Verdict::wait}, aim_at());
}

TEST_CASE("an Image that is deleted, or made anew, is told") {
  CHECK(kpack::decide(aim_at(), {std::nullopt, {}}).verdict == Verdict::gone);
  check({"made anew", {1, 1, "bbbb", "True", "UpToDate", "", "u2"}, {{1, 1, "bbbb", "True", "u2"}}, Verdict::gone},
        aim_at());
}

TEST_CASE("an Image's first build is waited for") {
  Aim aim = aim_at();
  aim.generation = 1;
  aim.newest_before = 0;
  check({"nothing is said yet",
         {1, 0, "bbbb", "", ""},
         {},
         Verdict::wait,
         0,
         "kpack has not looked at the change yet (generation 1, it knows 0)"},
        aim);
  check({"the source is looked up",
         {1, 1, "bbbb", "Unknown", "ResolverNotReady"},
         {},
         Verdict::wait,
         0,
         "ResolverNotReady"},
        aim);
  check({"there it is", {1, 1, "bbbb", "Unknown", "BuildRunning"}, {{1, 1, "bbbb", ""}}, Verdict::follow, 1}, aim);
}

TEST_CASE("without a source of its own a put takes whatever the Image has") {
  Aim aim = aim_at();
  aim.source.reset();
  check({"a build of any revision", {2, 2, "main"}, {old_build, {2, 2, "dddd", ""}}, Verdict::follow, 2}, aim);
  check({"none is needed", {2, 2, "main"}, {old_build}, Verdict::stands, 1}, aim);
  check({"a change of the source by another does not matter", {3, 3, "other"}, {old_build}, Verdict::stands, 1}, aim);
}

TEST_CASE("sources of other kinds are compared by their place") {
  Aim aim = aim_at();
  aim.source = kpack::Source{kpack::Source::Kind::registry, "r.example/app-source@sha256:1", "", ""};
  json::Value value = test::build({2, 2, "", ""}).value;
  value["spec"]["source"] = {{"registry", {{"image", "r.example/app-source@sha256:1"}}}};
  CHECK(kpack::decide(aim, {test::image({2, 2}), {kpack::Build(value)}}).verdict == Verdict::follow);
  value["spec"]["source"]["registry"]["image"] = "r.example/app-source@sha256:2";
  CHECK(kpack::decide(aim, {test::image({2, 2}), {kpack::Build(value)}}).verdict == Verdict::wait);
}

TEST_CASE("a commit that changes nothing below sub_path may be one that kpack does not build") {
  const auto image = [](const std::string& ready, const std::string& reason) {
    ImageSpec spec{2, 2, "bbbb", ready, reason};
    spec.sub_path = "web";
    return spec;
  };
  const auto up_to_date = image("True", "UpToDate");
  check({"it stands", up_to_date, {old_build}, Verdict::stands, 1}, aim_at());
  auto unseen = up_to_date;
  unseen.observed = 1;
  check({"kpack has not looked yet", unseen, {old_build}, Verdict::wait}, aim_at());
  auto other = up_to_date;
  other.revision = "cccc";
  check({"the Image is of another commit", other, {old_build}, Verdict::wait}, aim_at());
  check({"without sub_path", {2, 2, "bbbb"}, {old_build}, Verdict::wait}, aim_at());
  const auto failed = image("False", "BuildFailed");
  check({"the older commit failed", failed, {{1, 1, "aaaa", "False"}}, Verdict::trigger, 1}, aim_at());
  auto triggered = aim_at();
  triggered.wish = Aim::Wish::new_build;
  check({"a build is wanted", up_to_date, {old_build}, Verdict::trigger, 1}, triggered);
  triggered.annotated = 1;
  const auto running = image("Unknown", "BuildRunning");
  check({"it comes, of the older commit", running, {old_build, {2, 2, "aaaa", ""}}, Verdict::follow, 2}, triggered);
  check({"one of an older generation is not meant", running, {old_build, {2, 1, "aaaa", ""}}, Verdict::trigger, 2},
        triggered);
}
