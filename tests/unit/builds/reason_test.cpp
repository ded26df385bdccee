#include "builds/reason.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "support/manual_clock.hpp"

using namespace builds;

TEST_CASE("each reason has kpack's name and is found by it, in kpack's order") {
  CHECK(names_of(std::vector{Reason::lifecycle, Reason::stack, Reason::buildpack, Reason::config, Reason::commit,
                             Reason::trigger}) == "TRIGGER,COMMIT,CONFIG,BUILDPACK,STACK,LIFECYCLE");
  for (const auto reason :
       {Reason::trigger, Reason::commit, Reason::config, Reason::buildpack, Reason::stack, Reason::lifecycle}) {
    CHECK(reason_named(name_of(reason)) == reason);
  }
  CHECK_FALSE(reason_named("commit"));
}

TEST_CASE("a list of names is read in whatever order it has, and what another engine knows beside them is left out") {
  CHECK(parse_reasons("STACK,COMMIT,STACK") == std::vector{Reason::commit, Reason::stack});
  CHECK(parse_reasons("COMMIT,,MOON,LIFECYCLE,") == std::vector{Reason::commit, Reason::lifecycle});
  CHECK(parse_reasons("").empty());
}

TEST_CASE("changes give each of their reasons once") {
  CHECK(names_of(std::vector<Change>{{Reason::commit, "a", "b"}, {Reason::stack, "", ""}, {Reason::stack, "c", "d"}}) ==
        "COMMIT,STACK");
  CHECK(names_of(std::vector<Change>()).empty());
}

TEST_CASE("reasons are printed as kpack prints them") {
  test::ManualClock clock;
  std::ostringstream output;
  base::Log log(output, base::Colour::off, clock);
  print({{Reason::commit, "a", "b"}, {Reason::config, "", "env: X"}, {Reason::config, "process: web", ""}}, log);
  CHECK(output.str() ==
        "Build reason(s): COMMIT,CONFIG\nCOMMIT:\n  - a\n  + b\nCONFIG:\n  + env: X\n  - process: web\n");
}
