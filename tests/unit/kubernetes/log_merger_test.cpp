#include "kubernetes/log_merger.hpp"

#include <catch2/catch_test_macros.hpp>
#include <vector>

using kubernetes::LogMerger;
using kubernetes::LogTime;

namespace {

using Lines = std::vector<std::string>;

struct World {
  LogMerger merger;
  Lines shown;
  LogMerger::Show show = [this](std::string_view line) { shown.emplace_back(line); };

  // A connection that gives these bytes and then is cut.
  void connect(const std::string& bytes) {
    merger.begin();
    merger.receive(bytes, show);
  }
};

std::string at(const std::string& time, const std::string& line) {
  return "2026-01-01T00:00:" + time + "Z " + line + "\n";
}

}  // namespace

TEST_CASE("lines lose their time and nothing else") {
  World world;
  world.connect(at("01.000000001", "one") + at("01.000000002", "") + at("01.000000003", "  two \t"));
  CHECK(world.shown == Lines{"one", "", "  two \t"});
}

TEST_CASE("the next connection is asked for what is since the second before the newest line") {
  World world;
  CHECK_FALSE(world.merger.since());
  world.connect(at("07.9", "x"));
  CHECK(world.merger.since() == "2026-01-01T00:00:06Z");
}

TEST_CASE("what comes again is shown once, also where lines have one time or are out of order") {
  World world;
  const auto first =
      at("01.5", "a") + at("02.1", "same") + at("02.1", "same") + at("02.3", "late") + at("02.2", "early");
  world.connect(first);
  world.connect(first + at("02.1", "same") + at("02.2", "new"));
  CHECK(world.shown == Lines{"a", "same", "same", "late", "early", "same", "new"});
}

TEST_CASE("a line that was cut in its middle comes whole from the next connection") {
  World world;
  world.connect(at("01.1", "whole") + "2026-01-01T00:00:01.2Z half of");
  CHECK(world.shown == Lines{"whole"});
  world.connect(at("01.1", "whole") + at("01.2", "half of it"));
  CHECK(world.shown == Lines{"whole", "half of it"});
}

TEST_CASE("a cut in the middle of a time loses nothing either") {
  World world;
  world.connect(at("01.1", "a") + "2026-01-0");
  world.connect(at("01.1", "a") + at("01.2", "b"));
  CHECK(world.shown == Lines{"a", "b"});
}

TEST_CASE("a last line without newline is shown at the end") {
  World world;
  world.connect(at("01.1", "a") + "2026-01-01T00:00:02Z ERROR: failed");
  world.merger.end(world.show);
  CHECK(world.shown == Lines{"a", "ERROR: failed"});
  world.merger.end(world.show);
  CHECK(world.shown.size() == 2);
}

TEST_CASE("what older lines a rotated log has lost does not matter") {
  World world;
  world.connect(at("01.1", "a") + at("01.2", "b") + at("01.3", "c"));
  world.connect(at("01.3", "c") + at("01.4", "d"));
  CHECK(world.shown == Lines{"a", "b", "c", "d"});
}

TEST_CASE("bytes may arrive one by one") {
  World world;
  world.merger.begin();
  for (const char c : at("01.1", "one") + at("01.2", "two")) world.merger.receive(std::string_view(&c, 1), world.show);
  CHECK(world.shown == Lines{"one", "two"});
}

TEST_CASE("a line longer than the memory is shown in pieces, once, wherever it is cut") {
  const std::string longest(64UL << 10U, 'x');
  const std::string line = longest + longest + std::string(5000, 'y');
  World world;
  world.connect(at("01.1", line).substr(0, longest.size() + 20'000));
  const auto pieces = world.shown.size();
  CHECK(pieces == 1);
  world.connect(at("01.1", line) + at("01.2", "next"));
  std::string all;
  for (std::size_t i = 0; i + 1 < world.shown.size(); ++i) all += world.shown[i];
  CHECK(all == line);
  CHECK(world.shown.back() == "next");
  world.connect(at("01.1", line) + at("01.2", "next") + at("01.3", "last"));
  CHECK(world.shown.back() == "last");
  CHECK(all.size() == line.size());
}

TEST_CASE("of very many lines in a second the oldest are known by their time") {
  constexpr int count = 40'000;
  World world;
  std::string all;
  for (int i = 0; i < count; ++i) {
    all += at("01." + std::to_string(100'000 + i), "line " + std::to_string(i));
  }
  world.connect(all);
  world.connect(all + at("01.9", "new"));
  CHECK(world.shown.size() == count + 1);
  CHECK(world.shown.back() == "new");
}

TEST_CASE("what the kubelet says of a log without a time is shown, and once") {
  World world;
  world.connect(at("01.1", "a") + "unable to retrieve container logs\n");
  world.connect(at("01.1", "a") + "unable to retrieve container logs\n");
  CHECK(world.shown == Lines{"a", "unable to retrieve container logs"});
}

TEST_CASE("times are read with their fraction and their offset") {
  CHECK(LogTime::parse("1970-01-01T00:00:01.25Z") == LogTime{1, 250'000'000});
  CHECK(LogTime::parse("1970-01-01T02:00:01+02:00") == LogTime{1, 0});
  CHECK(LogTime::parse("1969-12-31T22:30:01.000000001-01:30") == LogTime{1, 1});
  for (const auto* bad : {"", "1970-01-01", "1970-13-01T00:00:00Z", "1970-01-01T25:00:00Z", "1970-01-01T00:00:00",
                          "1970-01-01T00:00:00X", "1970-01-01T00:00:00+2"}) {
    CHECK_FALSE(LogTime::parse(bad));
  }
}
