#include "lifecycle/plan_resolver.hpp"

#include <catch2/catch_test_macros.hpp>

using buildpacks::PlanSection;
using lifecycle::Candidate;

namespace {

PlanSection section(std::vector<std::string> provides, const std::vector<std::string>& needs) {
  PlanSection result{std::move(provides), {}};
  for (const auto& name : needs) result.requires_.push_back({name, std::nullopt});
  return result;
}

Candidate candidate(std::string id, std::vector<PlanSection> sections, bool optional = false) {
  return {{std::move(id), "1", "", "", optional}, std::move(sections)};
}

// "a b" for the group that was found, "-" for none.
std::string resolve(const std::vector<Candidate>& candidates) {
  const auto resolution = lifecycle::resolve_plan(candidates, [](const std::string&) {});
  if (!resolution) return "-";
  std::string result;
  for (const auto& element : resolution->group) result += (result.empty() ? "" : " ") + element.id;
  return result;
}

}  // namespace

TEST_CASE("what is required must be provided before, or by the same buildpack") {
  CHECK(resolve({candidate("a", {section({"x"}, {})}), candidate("b", {section({}, {"x"})})}) == "a b");
  CHECK(resolve({candidate("b", {section({}, {"x"})}), candidate("a", {section({"x"}, {})})}) == "-");
  CHECK(resolve({candidate("a", {section({"x"}, {"x"})})}) == "a");
}

TEST_CASE("what is provided must be required") { CHECK(resolve({candidate("a", {section({"x"}, {})})}) == "-"); }

TEST_CASE("an optional buildpack that does not fit is left out, and those that lean on it with it") {
  CHECK(resolve({candidate("a", {section({}, {})}), candidate("b", {section({"x"}, {})}, true)}) == "a");
  CHECK(resolve({candidate("a", {section({"x"}, {"gone"})}, true), candidate("b", {section({}, {"x"})}, true),
                 candidate("c", {section({}, {})})}) == "c");
}

TEST_CASE("alternatives are tried in their order, the last buildpack's first") {
  CHECK(resolve({candidate("a", {section({}, {"nowhere"}), section({"x"}, {})}),
                 candidate("b", {section({}, {"y"}), section({}, {"x"})})}) == "a b");
}

TEST_CASE("a group of which nothing is left fails") {
  CHECK(resolve({candidate("a", {section({"x"}, {})}, true)}) == "-");
}

TEST_CASE("the plan names the providers and the requirements of each dependency") {
  const auto resolution = lifecycle::resolve_plan(
      {candidate("a", {section({"x"}, {})}), candidate("b", {section({"x"}, {"x"})})}, [](const std::string&) {});
  REQUIRE(resolution);
  REQUIRE(resolution->plan.size() == 1);
  CHECK(resolution->plan[0].providers.size() == 2);
  CHECK(buildpacks::requirements_for(resolution->plan, "a").size() == 1);
  CHECK(buildpacks::without(resolution->plan, {"x"}).empty());
}
