#include "kpack/log_line.hpp"

#include <catch2/catch_test_macros.hpp>

#include "kpack/waiting.hpp"

using namespace std::chrono_literals;
using kpack::shown_line;

TEST_CASE("what harms nobody stays as it is") {
  for (const auto* line : {"", "plain", "  \ttabs", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"})
    CHECK(shown_line(line) == line);
}

TEST_CASE("colours stay and end with the line, other escape sequences vanish") {
  CHECK(shown_line("\x1b[34;1macme\x1b[0m") == "\x1b[34;1macme\x1b[0m");
  CHECK(shown_line("\x1b[31mred") == "\x1b[31mred\x1b[0m");
  CHECK(shown_line("a\x1b[2Jb\x1b[1;1Hc\x1b]0;title\ad\x1b]8;;http://x\x1b\\e\x1b(Bf\x1b") == "abcdeBf");
  CHECK(shown_line("\x1b[") == "");
  CHECK(shown_line("\x1bPq#0\x1b\\x") == "x");
}

TEST_CASE("bytes that are not text are replaced") {
  CHECK(shown_line("a\xff\xfe"
                   "b\x01\x7f\x00z") == "a??b??");
  CHECK(shown_line(std::string_view("a\0b", 3)) == "a?b");
  CHECK(shown_line("\xe2\x80\xaegnp.exe") == "?gnp.exe");
  CHECK(shown_line("\xc2\x9b"
                   "2J") == "?2J");
}

TEST_CASE("of a line drawn anew the last state is shown") {
  CHECK(shown_line("10%\r50%\r100%\r") == "100%");
  CHECK(shown_line("dos\r") == "dos");
}

TEST_CASE("waiting is told when its reason changes, and again after a minute") {
  kpack::Waiting waiting;
  const auto start = base::SteadyTime(1000s);
  CHECK_FALSE(waiting.say("behind build #7", start));
  CHECK(waiting.say("behind build #7", start + 2s) == "waiting: behind build #7");
  CHECK_FALSE(waiting.say("behind build #7", start + 61s));
  CHECK(waiting.say("behind build #7", start + 62s) == "still waiting, for 1 min 02 s: behind build #7");
  CHECK_FALSE(waiting.say("behind build #7", start + 100s));
  CHECK_FALSE(waiting.say("behind build #8", start + 101s));
  CHECK(waiting.say("behind build #8", start + 103s) == "waiting: behind build #8");
  CHECK_FALSE(waiting.say("back-off 10s restarting", start + 104s));
  CHECK(waiting.say("back-off 40s restarting", start + 106s));
  CHECK_FALSE(waiting.say("back-off 1m20s restarting", start + 107s));
  CHECK(waiting.last() == "back-off 1m20s restarting");
}

TEST_CASE("what passes at once is not told, but that something is waited for is") {
  kpack::Waiting waiting;
  const auto start = base::SteadyTime(1000s);
  CHECK_FALSE(waiting.say("kpack has not looked at the change yet", start));
  waiting.forget();
  CHECK_FALSE(waiting.say("kpack has not looked at the change yet", start + 10s));
  for (int second = 11; second < 70; ++second) {
    CHECK_FALSE(
        waiting.say(second % 2 == 0 ? "ErrImagePull" : "ImagePullBackOff", start + std::chrono::seconds(second)));
  }
  CHECK(waiting.say("ErrImagePull", start + 70s) == "waiting: ErrImagePull");
}
