#include "base/log.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "support/manual_clock.hpp"

using namespace std::chrono_literals;

namespace {
struct World {
  test::ManualClock clock;
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock};
};
}  // namespace

TEST_CASE("a secret is masked wherever the text came from") {
  World world;
  world.log.redact(base::Secret("hunter2"));
  world.log.redact(base::Secret("hunter2-and-more"));
  world.log.info("password hunter2-and-more");
  world.log.output("echo hun");
  world.log.output("ter2\npartial");
  world.log.info("next");
  CHECK(world.text.str() == "password ((redacted))\necho ((redacted))\npartial\nnext\n");
}

TEST_CASE("a transcript holds what was printed, masked and bounded") {
  World world;
  world.log.info("before");
  world.log.keep_transcript(40);
  world.log.redact(base::Secret("hunter2"));
  world.log.heading("BUILDING");
  world.log.output("pass hunter2\nno newline");
  CHECK(world.log.transcript() == "===> BUILDING\npass ((redacted))\n(the rest is cut)\n");
  world.log.info("more");
  CHECK(world.log.transcript().ends_with("\n(the rest is cut)\n"));
}

TEST_CASE("progress is a line every five seconds and none for what is short") {
  World world;
  base::Progress progress(world.log, "layer", 10'000'000);
  progress.advance(1'000'000);
  CHECK(world.text.str().empty());
  world.clock.advance(5s);
  progress.advance(1'000'000);
  progress.advance(1'000'000);
  CHECK(world.text.str() == "  layer: 2.0 MB of 10.0 MB (20%)\n");
}

TEST_CASE("colours are on in Concourse and on a terminal, and off where they are refused") {
  using base::Colour;
  const auto environment = [](std::map<std::string, std::string, std::less<>> variables) {
    return base::Environment(std::move(variables));
  };
  CHECK(base::colour_for(environment({}), true) == Colour::on);
  CHECK(base::colour_for(environment({}), false) == Colour::off);
  CHECK(base::colour_for(environment({{"ATC_EXTERNAL_URL", "https://ci"}}), false) == Colour::on);
  CHECK(base::colour_for(environment({{"ATC_EXTERNAL_URL", "https://ci"}, {"NO_COLOR", "1"}}), false) == Colour::off);
  CHECK(base::colour_for(environment({{"TERM", "dumb"}}), true) == Colour::off);
}
