// Framing: the same packets, or the same refusal, however the network cuts the bytes. The first byte says how.
#include <string>
#include <vector>

#include "fuzz/fuzzing.hpp"
#include "git/pkt_line.hpp"

namespace {

struct Outcome {
  std::vector<std::pair<git::PacketKind, std::string>> packets;
  bool whole = false;
};

Outcome parse(std::string_view bytes, std::size_t piece) {
  Outcome outcome;
  git::PacketParser parser;
  outcome.whole = fuzz::answers([&] {
    while (!bytes.empty()) {
      const auto part = bytes.substr(0, piece);
      bytes.remove_prefix(part.size());
      parser.feed(part, [&](const git::Packet& packet) {
        fuzz::require(packet.payload.size() <= 65516, "a packet is not larger than the largest");
        outcome.packets.emplace_back(packet.kind, packet.payload);
      });
    }
    parser.finish();
  });
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = fuzz::text_of(data + 1, size - 1);
  const Outcome whole = parse(bytes, std::string_view::npos);
  const Outcome pieces = parse(bytes, 1UL + data[0]);
  fuzz::require(whole.packets == pieces.packets && whole.whole == pieces.whole, "cuts change nothing");
  return 0;
}
