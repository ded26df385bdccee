#include "base/log.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "base/parallel.hpp"
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

TEST_CASE("a secret of several lines is masked line by line, and one cut by a bound as a whole") {
  World world;
  world.log.redact(base::Secret("-----BEGIN KEY-----\nMIIEvgIBADANBgkqhkiG9w0B\nshort\n"));
  world.log.output("read MIIEvgIBADANBgkqhkiG9w0B\n");
  world.log.output("short\n");
  CHECK(world.text.str() == "read ((redacted))\nshort\n");
  world.text.str("");
  const std::string filling(64UL * 1024 - 10, '.');
  world.log.output(filling + "MIIEvgIBADA");
  world.log.output("NBgkqhkiG9w0B\n");
  CHECK(world.text.str().find("MIIE") == std::string::npos);
  CHECK(world.text.str().find("9w0B") == std::string::npos);
}

TEST_CASE("names from outside neither forge a line of the log nor drive a terminal") {
  World world;
  world.log.info("layer a\nerror: forged");
  world.log.detail("tag \x1b[2Jv1");
  world.log.warning("\xE2\x80\xAEgnp.exe");
  world.log.heading("A\rB");
  world.log.difference("a\nb", "");
  CHECK(world.text.str() == "layer a error: forged\n  tag ?[2Jv1\nwarning: ?gnp.exe\n===> A?B\n  - a b\n");
  world.text.str("");
  world.log.output("\x1b[32mgreen\x1b[0m\n");
  CHECK(world.text.str() == "\x1b[32mgreen\x1b[0m\n");
}

TEST_CASE("parts of a log have prefixes and transcripts of their own and share secrets") {
  World world;
  auto one = world.log.part("one");
  auto two = world.log.part("two");
  one.keep_transcript(1000);
  world.log.redact(base::Secret("hunter2"));
  one.output("begun by o");
  two.output("begun by two\nhunter");
  world.log.info("for all");
  one.output("ne\n");
  two.output("2");
  two.part("deeper").info("below");
  two.end_output();
  one.heading("DONE");
  CHECK(world.text.str() ==
        "[two] begun by two\nfor all\n[one] begun by one\n[two/deeper] below\n[two] ((redacted))\n[one] ===> DONE\n");
  CHECK(one.transcript() == "begun by one\n===> DONE\n");
}

TEST_CASE("the log's colours can be read, and a child's colours end with its line") {
  World world;
  base::Log log(world.text, base::Colour::on, world.clock);
  log.heading("BUILDING");
  log.detail("plain");
  log.output("\x1b[31mred");
  log.end_output();
  log.part("app").output("\x1b[31mred\n");
  CHECK(world.text.str() ==
        "\x1b[1;36m===> BUILDING\x1b[0m\n  plain\n\x1b[31mred\x1b[0m\n\x1b[36m[app]\x1b[0m \x1b[31mred\x1b[0m\n");
  CHECK(world.text.str().find("\x1b[2m") == std::string::npos);
  world.text.str("");
  log.error("it is cut");
  CHECK(world.text.str() == "\x1b[33m\x1b[30;43merror:\x1b[0m\x1b[33m it is cut\x1b[0m\n");
}

TEST_CASE("another sink sees what kind of line each is, and whose") {
  struct Lines final : base::LogSink {
    explicit Lines(std::vector<std::string>& into) : lines(into) {}
    void write(const base::LogLine& line) override {
      lines.push_back(std::string(line.part) + "|" + std::to_string(static_cast<int>(line.kind)) + "|" +
                      std::string(line.text));
    }
    std::vector<std::string>& lines;
  };
  std::vector<std::string> lines;
  test::ManualClock clock;
  base::Log log(std::make_unique<Lines>(lines), clock);
  log.heading("BUILDING");
  log.part("app").warning("careful");
  CHECK(lines == std::vector<std::string>{"|0|BUILDING", "app|6|careful"});
}

TEST_CASE("lines of threads that share a log stay whole") {
  World world;
  base::for_each_parallel(8, 8, [&](std::size_t i) {
    auto part = world.log.part(std::to_string(i));
    for (int n = 0; n < 200; ++n) {
      part.output("abc");
      part.output("def\n");
    }
  });
  std::istringstream lines(world.text.str());
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    if (!line.ends_with("] abcdef") || line.size() != 10) FAIL(line);
  }
  CHECK(count == 1600);
}

TEST_CASE("the lines of long progress come ever more rarely, and half a minute apart in the end") {
  World world;
  base::Progress progress(world.log, "layer", 0);
  for (int second = 0; second < 200; ++second) {
    world.clock.advance(1s);
    progress.advance(1'000'000);
  }
  // After 5, 15, 35, 65, 95, 125, 155 and 185 seconds.
  CHECK(world.text.str() ==
        "  layer: 5.0 MB\n  layer: 15.0 MB\n  layer: 35.0 MB\n  layer: 65.0 MB\n  layer: 95.0 MB\n  layer: 125.0 MB\n"
        "  layer: 155.0 MB\n  layer: 185.0 MB\n");
}

TEST_CASE("progress is a line after five seconds and none for what is short") {
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
