#include "git/protocol_v0.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/error.hpp"

namespace git {
namespace {

constexpr std::size_t most_lines = 2'000'000;
// Far more haves than are ever sent.
constexpr std::size_t most_common = 1000;

std::string capabilities_for(const Advertisement& advertisement, const FetchRequest& request, Session session) {
  std::string text;
  const auto use = [&](std::string_view name) {
    if (advertisement.has(name)) text += fmt::format(" {}", name);
  };
  use("multi_ack_detailed");
  if (session == Session::stateless && request.negotiation == Negotiation::ask) use("no-done");
  use("side-band-64k");
  use("ofs-delta");
  if (request.progress == FetchRequest::Progress::silent) use("no-progress");
  if (request.tags == FetchRequest::Tags::following) use("include-tag");
  if (!request.filter.empty()) use("filter");
  return text + " agent=build-service";
}

}  // namespace

std::string fetch_request_v0(const Advertisement& advertisement, const FetchRequest& request, Session session) {
  if (!advertisement.has("side-band-64k")) {
    broken_answer("the server is older than 2007: it does not know side-band-64k");
  }
  std::string text;
  std::string capabilities = capabilities_for(advertisement, request, session);
  for (const auto& id : request.wants) {
    append_packet(text, fmt::format("want {}{}\n", id.text(), std::exchange(capabilities, "")));
  }
  for (const auto& id : request.shallow) append_packet(text, fmt::format("shallow {}\n", id.text()));
  if (request.depth) append_packet(text, fmt::format("deepen {}\n", *request.depth));
  if (!request.filter.empty()) append_packet(text, fmt::format("filter {}\n", request.filter));
  append_flush(text);
  for (const auto& id : request.haves) append_packet(text, fmt::format("have {}\n", id.text()));
  if (request.negotiation == Negotiation::decide) {
    append_packet(text, "done\n");
  } else {
    append_flush(text);
  }
  return text;
}

void FetchReaderV0::restart() {
  result_ = {};
  in_shallow_info_ = deepens_;
  nak_ = ready_ = ended_ = false;
  idle_ = 0;
  lines_ = 0;
  sink_.restart();
}

void FetchReaderV0::receive(const Packet& packet) {
  if (ended_) broken_answer("it goes on after its end");
  if (packet.kind == PacketKind::flush) {
    if (in_shallow_info_) {
      in_shallow_info_ = false;
    } else {
      ended_ = true;
    }
    return;
  }
  if (packet.kind != PacketKind::data) broken_answer("it has a delimiter, which version 0 has not");
  // Lines of text come before the pack, whose packets begin with the number of their band.
  if (!packet.payload.empty() && packet.payload[0] <= 3) {
    if (packet.payload[0] == 1) result_.has_pack = true;
    return receive_side_band(packet.payload, sink_, idle_);
  }
  if (result_.has_pack) broken_answer("its pack has a packet of no known band");
  receive_line(packet.line());
}

void FetchReaderV0::receive_line(std::string_view line) {
  if (line.starts_with("ERR ")) server_error(line.substr(4));
  if (++lines_ > most_lines) broken_answer("it has too many lines");
  if (receive_shallow(line, result_)) return;
  if (line == "NAK") {
    nak_ = true;
    return;
  }
  if (!line.starts_with("ACK "))
    broken_answer(fmt::format("\"{}\" is not an acknowledgment", base::printable(line, 64)));
  const auto id = ObjectId::parse(line.substr(4, 40));
  if (!id) broken_answer("an acknowledgment names no object");
  if (std::find(result_.common.begin(), result_.common.end(), *id) == result_.common.end()) {
    if (result_.common.size() == most_common) broken_answer("it acknowledges more than was sent");
    result_.common.push_back(*id);
  }
  // "ACK <id>" alone is the last word before the pack; "common" and "ready" come during the negotiation.
  if (line.size() == 44) ready_ = true;
}

}  // namespace git
