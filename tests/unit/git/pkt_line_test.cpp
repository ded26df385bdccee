#include "git/pkt_line.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace {

std::vector<std::string> packets_of(std::string_view bytes, std::size_t piece) {
  git::PacketParser parser;
  std::vector<std::string> found;
  for (std::size_t i = 0; i < bytes.size(); i += piece) {
    parser.feed(bytes.substr(i, piece), [&](const git::Packet& packet) {
      switch (packet.kind) {
        case git::PacketKind::data:
          found.push_back("data:" + std::string(packet.line()));
          break;
        case git::PacketKind::flush:
          found.emplace_back("flush");
          break;
        case git::PacketKind::delimiter:
          found.emplace_back("delimiter");
          break;
        case git::PacketKind::response_end:
          found.emplace_back("end");
          break;
      }
    });
  }
  parser.finish();
  return found;
}

}  // namespace

TEST_CASE("packets are found whatever pieces the network gives") {
  const std::string bytes =
      "000eversion 2\n0004000100020000"
      "0006a\n";
  const std::vector<std::string> expected{"data:version 2", "data:", "delimiter", "end", "flush", "data:a"};
  for (const std::size_t piece : {1UL, 2UL, 3UL, 5UL, 7UL, 100UL}) CHECK(packets_of(bytes, piece) == expected);
}

TEST_CASE("a length that is not valid is refused") {
  for (const char* bytes : {"zzzz", "0003", "fff1", "-001", "00 4"}) {
    CHECK_THROWS_AS(packets_of(bytes, 4), base::Error);
    CHECK_THROWS_AS(packets_of(bytes, 1), base::Error);
  }
}

TEST_CASE("a stream that ends within a packet is refused") {
  CHECK_THROWS_AS(packets_of("0008ab", 100), base::Error);
  CHECK_THROWS_AS(packets_of("00", 100), base::Error);
}

TEST_CASE("packets are written with their length") {
  std::string text;
  git::append_packet(text, "want x\n");
  git::append_delimiter(text);
  git::append_flush(text);
  CHECK(text == "000bwant x\n00010000");
  CHECK_THROWS_AS(git::append_packet(text, std::string(65517, 'x')), base::Error);
}
