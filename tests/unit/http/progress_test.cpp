#include "http/progress.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "support/manual_clock.hpp"

using namespace std::chrono_literals;

namespace {

class Bytes final : public http::Sink {
 public:
  void restart() override { received.clear(); }
  void write(std::string_view bytes) override { received += bytes; }
  std::string received;
};

// A server that sends a megabyte in each three seconds.
class SlowServer final : public http::Client {
 public:
  SlowServer(test::ManualClock& clock, http::Response head) : clock_(clock), head_(std::move(head)) {}
  http::Response send(const http::Request& request) override {
    request.sink->begin(head_);
    for (int i = 0; i < 4; ++i) {
      clock_.advance(3s);
      request.sink->write(std::string(1'000'000, 'x'));
    }
    return head_;
  }

 private:
  test::ManualClock& clock_;
  http::Response head_;
};

std::string log_of(int status, http::Headers headers) {
  test::ManualClock clock;
  std::ostringstream text;
  base::Log log(text, base::Colour::off, clock);
  http::Response head;
  head.status = status;
  head.headers = std::move(headers);
  http::Request request;
  request.label = "downloading layer abc";
  request.sink = std::make_shared<Bytes>();
  static_cast<void>(http::make_progress_showing(std::make_unique<SlowServer>(clock, head), log)->send(request));
  return text.str();
}

}  // namespace

TEST_CASE("a download that takes long says how far it is while it moves") {
  CHECK(log_of(200, {{"Content-Length", "8000000"}}) == "  downloading layer abc: 2.0 MB of 8.0 MB (25%)\n");
}

TEST_CASE("an upload that takes long says how far it is while it moves") {
  struct SlowReader final : http::Client {
    explicit SlowReader(test::ManualClock& time) : clock(time) {}
    http::Response send(const http::Request& request) override {
      request.body->rewind(0);
      std::string buffer(1'000'000, '\0');
      while (request.body->read(buffer.data(), buffer.size()) > 0) clock.advance(3s);
      return {};
    }
    test::ManualClock& clock;
  };
  test::ManualClock clock;
  std::ostringstream text;
  base::Log log(text, base::Colour::off, clock);
  http::Request request;
  request.label = "uploading layer abc";
  request.body = http::text_body(std::string(8'000'000, 'x'));
  static_cast<void>(http::make_progress_showing(std::make_unique<SlowReader>(clock), log)->send(request));
  CHECK(text.str() == "  uploading layer abc: 3.0 MB of 8.0 MB (37%)\n  uploading layer abc: 7.0 MB of 8.0 MB (87%)\n");
}

TEST_CASE("a download that is continued counts what was there before") {
  CHECK(log_of(206, {{"Content-Length", "4000000"}, {"Content-Range", "bytes 4000000-7999999/8000000"}}) ==
        "  downloading layer abc: 6.0 MB of 8.0 MB (75%)\n");
}

TEST_CASE("where the size is not known, or is of other bytes, the bytes alone are said") {
  CHECK(log_of(200, {}) == "  downloading layer abc: 2.0 MB\n");
  CHECK(log_of(200, {{"Content-Length", "many"}}) == "  downloading layer abc: 2.0 MB\n");
  CHECK(log_of(206, {{"Content-Range", "bytes nonsense/*"}}) == "  downloading layer abc: 2.0 MB\n");
  CHECK(log_of(200, {{"Content-Length", "800"}, {"Content-Encoding", "gzip"}}) == "  downloading layer abc: 2.0 MB\n");
}
