#include "git/remote.hpp"

#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "support/failure.hpp"

namespace {

using git::ObjectId;
using git::PacketKind;

const ObjectId wanted = *ObjectId::parse(std::string(40, '1'));

// Answers each request by the next line; what was asked for is kept.
class ScriptedTransport final : public git::Transport {
 public:
  struct Course {
    std::vector<std::vector<std::string>> answers;
    std::vector<std::string> requests;
  };
  explicit ScriptedTransport(Course& course) : course_(course) {}

  void advertise(git::PacketReceiver& receiver) override {
    receiver.restart();
    receiver.receive({PacketKind::data, "version 2\n"});
    receiver.receive({PacketKind::data, "fetch=shallow filter\n"});
    receiver.receive({PacketKind::flush, {}});
  }
  void request(std::string_view body, git::PacketReceiver& receiver) override {
    course_.requests.emplace_back(body);
    receiver.restart();
    for (const auto& line : course_.answers.at(course_.requests.size() - 1)) {
      receiver.receive({PacketKind::data, line});
    }
    receiver.receive({PacketKind::flush, {}});
  }
  [[nodiscard]] git::Session session() const override { return git::Session::stateless; }
  [[nodiscard]] std::string shown() const override { return "https://git.example/app"; }

 private:
  Course& course_;
};

class Kept final : public git::PackSink {
 public:
  void restart() override { bytes.clear(); }
  void write(std::string_view more) override { bytes += more; }
  std::string bytes;
};

git::FetchRequest filtered() {
  git::FetchRequest request;
  request.wants = {wanted};
  request.filter = "tree:2";
  return request;
}

}  // namespace

TEST_CASE("a server that refuses a filter is asked with one that keeps more, and not with the first again") {
  ScriptedTransport::Course course;
  course.answers = {
      {"ERR tree filter allows max depth 0, but got 2\n"}, {"packfile\n", "\x01PACK"}, {"packfile\n", "\x01PACK"}};
  const auto remote = git::make_remote(std::make_unique<ScriptedTransport>(course));
  Kept sink;
  CHECK(remote->fetch(filtered(), sink).has_pack);
  CHECK(sink.bytes == "PACK");
  CHECK(remote->fetch(filtered(), sink).has_pack);
  REQUIRE(course.requests.size() == 3);
  CHECK(course.requests[0].find("filter tree:2\n") != std::string::npos);
  CHECK(course.requests[1].find("filter blob:none\n") != std::string::npos);
  CHECK(course.requests[2].find("filter blob:none\n") != std::string::npos);
}

TEST_CASE("a filter that is refused gives way to the one named beside it, and then to those that keep more") {
  ScriptedTransport::Course course;
  course.answers = {{"ERR tree filter allows max depth 0, but got 1\n"},
                    {"packfile\n", "\x01PACK"},
                    {"ERR filter 'tree' not supported\n"},
                    {"packfile\n", "\x01PACK"}};
  const auto remote = git::make_remote(std::make_unique<ScriptedTransport>(course));
  Kept sink;
  auto request = filtered();
  request.filter = "tree:1";
  request.otherwise = "tree:0";
  remote->fetch(request, sink);
  remote->fetch(request, sink);
  REQUIRE(course.requests.size() == 4);
  CHECK(course.requests[0].find("filter tree:1\n") != std::string::npos);
  CHECK(course.requests[1].find("filter tree:0\n") != std::string::npos);
  CHECK(course.requests[2].find("filter tree:0\n") != std::string::npos);
  CHECK(course.requests[3].find("filter blob:none\n") != std::string::npos);
  CHECK(remote->refused_filters() == std::set<std::string>{"tree:0", "tree:1"});
}

TEST_CASE("filters that are combined give way to the one without files") {
  ScriptedTransport::Course course;
  course.answers = {{"ERR filter 'combine' not supported\n"}, {"packfile\n", "\x01PACK"}};
  const auto remote = git::make_remote(std::make_unique<ScriptedTransport>(course));
  Kept sink;
  auto request = filtered();
  request.filter = "combine:blob:none+tree:3";
  remote->fetch(request, sink);
  REQUIRE(course.requests.size() == 2);
  CHECK(course.requests[1].find("filter blob:none\n") != std::string::npos);
}

TEST_CASE("an answer that breaks the protocol with the word filter in it is not a refused filter") {
  ScriptedTransport::Course course;
  course.answers = {{"filter\n"}};
  const auto remote = git::make_remote(std::make_unique<ScriptedTransport>(course));
  Kept sink;
  CHECK(test::failure([&] { remote->fetch(filtered(), sink); }) ==
        "cannot read https://git.example/app: \"filter\" is not a section of it");
  CHECK(course.requests.size() == 1);
}

TEST_CASE("an error of the server names the repository, and what is not there is told apart") {
  ScriptedTransport::Course course;
  course.answers = {{"ERR upload-pack: not our ref " + wanted.text() + "\n"}, {"ERR the disk is full\n"}};
  const auto remote = git::make_remote(std::make_unique<ScriptedTransport>(course));
  Kept sink;
  try {
    remote->fetch(filtered(), sink);
    FAIL("accepted");
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::not_found);
  }
  CHECK(test::failure([&] { remote->fetch(filtered(), sink); }) ==
        "cannot fetch from https://git.example/app: it says \"the disk is full\"");
}
