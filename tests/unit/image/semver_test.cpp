#include "image/semver.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

using image::SemanticConstraint;
using image::SemanticVersion;

namespace {

bool admits(const std::string& constraint, const std::string& version) {
  return SemanticConstraint::parse(constraint, "source.semver_constraint").admits(*SemanticVersion::parse(version));
}

}  // namespace

TEST_CASE("versions may be short and begin with v") {
  CHECK(SemanticVersion::parse("v1")->parts == 1);
  CHECK(SemanticVersion::parse("1.2")->minor == 2);
  CHECK(SemanticVersion::parse("1.2.3-rc.1")->pre_release == "rc.1");
  CHECK(SemanticVersion::parse("20240131")->major == 20240131);
  for (const auto* text : {"", "latest", "1.", "1.2.3.4", "1.x", "1.2-", "1.2-a..b", "-1", "99999999999999999999999"}) {
    CHECK(!SemanticVersion::parse(text));
  }
}

TEST_CASE("versions are ordered as Semantic Versioning says") {
  const std::vector<std::string> sorted{"1.0.0-alpha",
                                        "1.0.0-alpha.1",
                                        "1.0.0-alpha.beta",
                                        "1.0.0-beta.2",
                                        "1.0.0-beta.11",
                                        "1.0.0-rc.1",
                                        "1.0.0",
                                        "1.0.1",
                                        "1.2",
                                        "1.10",
                                        "2"};
  for (std::size_t i = 0; i + 1 < sorted.size(); ++i) {
    CHECK(compare(*SemanticVersion::parse(sorted[i]), *SemanticVersion::parse(sorted[i + 1])) < 0);
  }
  CHECK(compare(*SemanticVersion::parse("v1.2"), *SemanticVersion::parse("1.2.0")) == 0);
}

TEST_CASE("constraints admit what Masterminds/semver does") {
  struct Case {
    const char* constraint;
    const char* version;
    bool admitted;
  };
  for (const auto& [constraint, version, admitted] :
       std::initializer_list<Case>{{"1.2.3", "1.2.3", true},        {"1.2.3", "1.2.4", false},
                                   {"1.2", "1.2.9", true},          {"1.x", "1.9.0", true},
                                   {"1.x", "2.0.0", false},         {"*", "7.0.0", true},
                                   {"!= 1.2", "1.2.3", false},      {"!=1.2", "1.3.0", true},
                                   {"> 1.2", "1.2.3", false},       {"> 1.2", "1.3.0", true},
                                   {">1.2.3", "1.2.4", true},       {">= 1.2", "1.2.0", true},
                                   {"< 1.2", "1.1.9", true},        {"<= 1.2", "1.2.9", true},
                                   {"<= 1.2", "1.3.0", false},      {"~1.2.3", "1.2.9", true},
                                   {"~1.2.3", "1.3.0", false},      {"~1", "1.9.0", true},
                                   {"^1.2.3", "1.9.0", true},       {"^1.2.3", "2.0.0", false},
                                   {"^0.2.3", "0.2.9", true},       {"^0.2.3", "0.3.0", false},
                                   {"^0.0.3", "0.0.3", true},       {"^0.0.3", "0.0.4", false},
                                   {"^0.0", "0.0.9", true},         {"^0", "0.9.0", true},
                                   {"1.2 - 1.4.5", "1.4.5", true},  {"1.2 - 1.4.5", "1.5", false},
                                   {">= 1.0, < 2", "1.5.0", true},  {">=1.0 <2", "2.0.0", false},
                                   {"~1.0 || ~3.0", "3.0.1", true}, {"~1.0 || ~3.0", "2.0.0", false},
                                   {"^1.0", "1.1.0-rc.1", false},   {"^1.0-0", "1.1.0-rc.1", true}}) {
    INFO(constraint << " with " << version);
    CHECK(admits(constraint, version) == admitted);
  }
}

TEST_CASE("what is not a constraint is an error that names the part") {
  CHECK_THROWS_AS(SemanticConstraint::parse("", "f"), base::Error);
  CHECK_THROWS_AS(SemanticConstraint::parse("^1.2 ||", "f"), base::Error);
  try {
    static_cast<void>(SemanticConstraint::parse("^1.2, newest", "source.semver_constraint"));
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(std::string(error.what()) ==
          "cannot read source.semver_constraint: \"newest\" in \"^1.2, newest\" is not a condition on a version; "
          "conditions "
          "are such as ^1.2, ~1.2.3, >= 1.0, 1.x");
  }
}
