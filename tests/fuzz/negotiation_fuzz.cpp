// Whole answers of a server, of version 2 and 0: the advertisement, the refs, and a fetch with its sections and side
// bands. The first byte says which answer it is to be, the second what was asked.
#include <string>

#include "fuzz/fuzzing.hpp"
#include "git/protocol.hpp"
#include "git/protocol_v0.hpp"

namespace {

class CountingSink final : public git::PackSink {
 public:
  void restart() override { written = 0; }
  void write(std::string_view bytes) override { written += bytes.size(); }
  std::size_t written = 0;
};

// True when the answer came to its end.
bool read(git::PacketReceiver& reader, std::string_view bytes) {
  return fuzz::answers([&] {
           git::PacketParser parser;
           reader.restart();
           parser.feed(bytes, [&](const git::Packet& packet) { reader.receive(packet); });
           parser.finish();
         }) &&
         reader.complete();
}

void read_advertisement(std::string_view bytes) {
  git::AdvertisementReader reader;
  if (!read(reader, bytes)) return;
  const auto advertisement = reader.take();
  for (const auto& ref : advertisement.refs) fuzz::require(git::is_valid_ref_name(ref.name), "a ref has a valid name");
  // What the server said decides what is asked for: it must fit into packets.
  git::PacketParser parser;
  parser.feed(git::ls_refs_request(advertisement, {"refs/heads/main"}), [](const git::Packet&) {});
  parser.feed(git::fetch_request(advertisement, {}), [](const git::Packet&) {});
  parser.finish();
}

template <class Reader>
void read_fetch(Reader& reader, const CountingSink& sink, std::string_view bytes) {
  if (!read(reader, bytes)) return;
  const auto result = reader.take();
  fuzz::require(result.has_pack || sink.written == 0, "bytes of a pack come in a pack only");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto bytes = fuzz::text_of(data + 2, size - 2);
  CountingSink sink;
  git::FetchRequest request;
  if ((data[1] & 1U) != 0) request.depth = 1;
  if ((data[1] & 2U) != 0) request.negotiation = git::Negotiation::ask;
  switch (data[0] % 4) {
    case 0:
      read_advertisement(bytes);
      break;
    case 1: {
      git::RefsReader reader;
      read(reader, bytes);
      break;
    }
    case 2: {
      git::FetchReader reader(sink);
      read_fetch(reader, sink, bytes);
      break;
    }
    default: {
      git::FetchReaderV0 reader(sink, request);
      read_fetch(reader, sink, bytes);
    }
  }
  return 0;
}
