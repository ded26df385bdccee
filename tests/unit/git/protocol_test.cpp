#include "git/protocol.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace {

using git::ObjectId;
using git::PacketKind;

const ObjectId one = *ObjectId::parse(std::string(40, '1'));
const ObjectId two = *ObjectId::parse(std::string(40, '2'));

class Kept final : public git::PackSink {
 public:
  void restart() override { bytes.clear(); }
  void write(std::string_view more) override { bytes += more; }
  std::string bytes;
};

void feed(git::PacketReceiver& receiver, const std::vector<std::string>& packets) {
  receiver.restart();
  for (const auto& text : packets) {
    if (text == "flush") {
      receiver.receive({PacketKind::flush, {}});
    } else if (text == "delimiter") {
      receiver.receive({PacketKind::delimiter, {}});
    } else {
      receiver.receive({PacketKind::data, text});
    }
  }
}

git::Advertisement advertised(const std::vector<std::string>& packets) {
  git::AdvertisementReader reader;
  feed(reader, packets);
  REQUIRE(reader.complete());
  return reader.take();
}

}  // namespace

TEST_CASE("a version 2 advertisement lists commands and what they can") {
  const auto server = advertised({"version 2\n", "agent=git/2.39\n", "ls-refs=unborn\n", "fetch=shallow filter\n",
                                  "object-format=sha1\n", "flush"});
  CHECK(server.version == 2);
  CHECK(server.command_has("fetch", "filter"));
  CHECK_FALSE(server.command_has("fetch", "filte"));
  CHECK(git::ls_refs_request(server, {"HEAD"}) ==
        "0014command=ls-refs\n0017agent=build-service0016object-format=sha10001"
        "0009peel\n000csymrefs\n0014ref-prefix HEAD\n0000");
}

TEST_CASE("a version 0 advertisement lists refs at once") {
  const std::string nul(1, '\0');
  const auto server = advertised({one.text() + " HEAD" + nul + "multi_ack symref=HEAD:refs/heads/main filter\n",
                                  one.text() + " refs/heads/main\n", two.text() + " refs/tags/v1\n",
                                  one.text() + " refs/tags/v1^{}\n", "flush"});
  CHECK(server.version == 0);
  CHECK(server.has("filter"));
  REQUIRE(server.refs.size() == 3);
  CHECK(server.refs[2].commit() == one);
  CHECK(advertised({std::string(40, '0') + " capabilities^{}" + nul + "filter\n", "flush"}).refs.empty());
}

TEST_CASE("repositories with other object names are refused with a reason") {
  git::AdvertisementReader reader;
  CHECK_THROWS_AS(feed(reader, {"version 2\n", "object-format=sha256\n", "flush"}), base::Error);
}

TEST_CASE("a fetch says what is wanted, what is there and how deep") {
  const auto server = advertised({"version 2\n", "fetch=shallow filter\n", "flush"});
  git::FetchRequest request;
  request.wants = {one};
  request.haves = {two};
  request.shallow = {two};
  request.depth = 3;
  request.filter = "tree:0";
  const std::string common = "0012command=fetch\n00010010no-progress\n000eofs-delta\n0032want " + one.text() +
                             "\n0035shallow " + two.text() + "\n000ddeepen 3\n0012filter tree:0\n0032have " +
                             two.text() + "\n";
  CHECK(git::fetch_request(server, request) == common + "0009done\n0000");
  request.negotiation = git::Negotiation::ask;
  CHECK(git::fetch_request(server, request) == common + "0000");
  request.progress = git::FetchRequest::Progress::told;
  CHECK(git::fetch_request(server, request).find("no-progress") == std::string::npos);
}

TEST_CASE("the sections of a fetch answer are read in turn") {
  Kept sink;
  git::FetchReader reader(sink);
  feed(reader, {"acknowledgments\n", "ACK " + one.text() + "\n", "ready\n", "delimiter", "shallow-info\n",
                "shallow " + two.text() + "\n", "unshallow " + one.text() + "\n", "delimiter", "packfile\n", "\x01PACK",
                "\x02progress", "\x01rest", "flush"});
  REQUIRE(reader.complete());
  const auto result = reader.take();
  CHECK(result.common == std::vector{one});
  CHECK(result.shallow == std::vector{two});
  CHECK(result.unshallow == std::vector{one});
  CHECK(result.has_pack);
  CHECK(sink.bytes == "PACKrest");
}

TEST_CASE("an answer without a pack says what is known") {
  Kept sink;
  git::FetchReader reader(sink);
  feed(reader, {"acknowledgments\n", "NAK\n", "flush"});
  CHECK(reader.complete());
  CHECK(reader.take().common.empty());
}

TEST_CASE("answers that break the protocol are refused") {
  Kept sink;
  for (const std::vector<std::string>& packets : std::vector<std::vector<std::string>>{
           {"frobnicate\n"},
           {"acknowledgments\n", "MAYBE\n"},
           {"acknowledgments\n", "ACK xyz\n"},
           {"shallow-info\n", "deep\n"},
           {"packfile\n", ""},
           {"packfile\n", "\x07x"},
           {"packfile\n", "\x03no space"},
           {"packfile\n", "\x01x", "delimiter"},
           {"ERR upload-pack: not our ref\n"},
           {"acknowledgments\n", "NAK\n", "flush", "more\n"},
       }) {
    git::FetchReader reader(sink);
    INFO(packets.back());
    CHECK_THROWS_AS(feed(reader, packets), base::Error);
  }
}

TEST_CASE("an object that the server does not have is told apart") {
  Kept sink;
  git::FetchReader reader(sink);
  try {
    feed(reader, {"ERR upload-pack: not our ref " + one.text()});
    FAIL("accepted");
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::not_found);
  }
}
