#include "git/protocol_v0.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

namespace {

using git::FetchRequest;
using git::Negotiation;
using git::ObjectId;
using git::Packet;
using git::PacketKind;
using git::Session;

const ObjectId one = *ObjectId::parse(std::string(40, '1'));
const ObjectId two = *ObjectId::parse(std::string(40, '2'));

class Kept final : public git::PackSink {
 public:
  void restart() override { bytes.clear(); }
  void write(std::string_view more) override { bytes += more; }
  std::string bytes;
};

git::Advertisement server(const std::vector<std::string>& capabilities) {
  git::Advertisement result;
  for (const auto& name : capabilities) result.capabilities.emplace(name, "");
  return result;
}

// What the reader makes of the packets; a flush is "flush".
struct Conversation {
  explicit Conversation(const FetchRequest& request) : reader(sink, request) { reader.restart(); }

  void receive(const std::vector<std::string>& packets) {
    for (const auto& text : packets) {
      reader.receive(text == "flush" ? Packet{PacketKind::flush, {}} : Packet{PacketKind::data, text});
    }
  }

  Kept sink;
  git::FetchReaderV0 reader;
};

FetchRequest asking() {
  FetchRequest request;
  request.wants = {one};
  request.haves = {two};
  request.negotiation = Negotiation::ask;
  return request;
}

}  // namespace

TEST_CASE("a version 0 request names the capabilities that both sides have, with its first want") {
  FetchRequest request;
  request.wants = {one, two};
  request.depth = 3;
  request.filter = "tree:0";
  const auto can = server({"side-band-64k", "ofs-delta", "multi_ack_detailed", "filter", "shallow", "thin-pack"});
  CHECK(git::fetch_request_v0(can, request, Session::stateful) ==
        "0078want " + one.text() + " multi_ack_detailed side-band-64k ofs-delta filter agent=build-service\n0032want " +
            two.text() + "\n000ddeepen 3\n0012filter tree:0\n00000009done\n");
}

TEST_CASE("a version 0 request that asks ends without done") {
  const auto can = server({"side-band-64k", "no-done"});
  CHECK(git::fetch_request_v0(can, asking(), Session::stateful) ==
        "0054want " + one.text() + " side-band-64k agent=build-service\n00000032have " + two.text() + "\n0000");
  // Over HTTP the server may send the pack at once: there is no later answer to send it in.
  CHECK(git::fetch_request_v0(can, asking(), Session::stateless).find(" no-done ") != std::string::npos);
}

TEST_CASE("a server without side bands is refused") {
  CHECK_THROWS_AS(git::fetch_request_v0(server({"ofs-delta"}), FetchRequest(), Session::stateful), base::Error);
}

TEST_CASE("a pack follows the last acknowledgment") {
  Conversation talk(asking());
  talk.receive(
      {"ACK " + two.text() + " common\n", "ACK " + two.text() + " ready\n", "NAK\n", "ACK " + two.text() + "\n"});
  CHECK_FALSE(talk.reader.complete());
  talk.receive({"\x01PACK", "\x02progress", "\x01rest", "flush"});
  CHECK(talk.reader.complete());
  const auto result = talk.reader.take();
  CHECK(result.common == std::vector{two});
  CHECK(result.has_pack);
  CHECK(talk.sink.bytes == "PACKrest");
}

TEST_CASE("a NAK ends an answer to a question, and begins a pack that was asked for") {
  Conversation question(asking());
  question.receive({"NAK\n"});
  CHECK(question.reader.complete());
  CHECK(question.reader.take().common.empty());

  Conversation order(FetchRequest{});
  order.receive({"NAK\n"});
  CHECK_FALSE(order.reader.complete());
  order.receive({"\x01PACK", "flush"});
  CHECK(order.reader.complete());
}

TEST_CASE("where the history is cut comes first, up to a flush") {
  FetchRequest request;
  request.depth = 1;
  Conversation talk(request);
  talk.receive({"shallow " + one.text() + "\n", "unshallow " + two.text() + "\n", "flush", "NAK\n"});
  CHECK_FALSE(talk.reader.complete());
  talk.receive({"\x01PACK", "flush"});
  const auto result = talk.reader.take();
  CHECK(result.shallow == std::vector{one});
  CHECK(result.unshallow == std::vector{two});
}

TEST_CASE("version 0 answers that break the protocol are refused") {
  const std::string bad_band = "\x07x";
  for (const std::vector<std::string>& packets : std::vector<std::vector<std::string>>{
           {"MAYBE\n"},
           {"ACK xyz\n"},
           {"ERR upload-pack: not our ref\n"},
           {"\x03no space"},
           {"\x01x", bad_band},
           {"\x01x", "NAK\n"},
           {"\x01x", "flush", "more\n"},
       }) {
    Conversation talk{FetchRequest()};
    INFO(packets.back());
    CHECK_THROWS_AS(talk.receive(packets), base::Error);
  }
  Conversation talk{FetchRequest()};
  CHECK_THROWS_AS(talk.reader.receive({PacketKind::delimiter, {}}), base::Error);
}

TEST_CASE("a repeated answer voids what came before") {
  FetchRequest request;
  request.depth = 1;
  Conversation talk(request);
  talk.receive({"shallow " + one.text() + "\n", "flush", "NAK\n", "\x01PACK"});
  talk.reader.restart();
  CHECK(talk.sink.bytes.empty());
  talk.receive({"flush", "NAK\n", "\x01PACK", "flush"});
  CHECK(talk.reader.complete());
  CHECK(talk.reader.take().shallow.empty());
}
