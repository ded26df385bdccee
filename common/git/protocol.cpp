#include "git/protocol.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

// More than any repository has, and few enough to hold.
constexpr std::size_t most_refs = 2'000'000;
constexpr std::size_t most_lines = 2'000'000;
constexpr std::size_t most_capabilities = 1000;
constexpr std::uint64_t most_bytes = 512UL << 20U;
// What a server may say beside a pack: progress, and a packet now and then while it works.
constexpr std::uint64_t most_idle_bytes = 64UL << 20U;
constexpr std::uint64_t packet_header = 4;

constexpr std::string_view agent = "agent=build-service";

bool is_word_of(std::string_view text, std::string_view word) {
  while (!text.empty()) {
    const auto blank = text.find(' ');
    if (text.substr(0, blank) == word) return true;
    text = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
  }
  return false;
}

std::pair<std::string, std::string> split_capability(std::string_view text) {
  const auto equals = text.find('=');
  return {std::string(text.substr(0, equals)),
          equals == std::string_view::npos ? "" : std::string(text.substr(equals + 1))};
}

void check_object_format(const Advertisement& advertisement) {
  const auto found = advertisement.capabilities.find("object-format");
  if (found == advertisement.capabilities.end() || found->second == "sha1") return;
  throw Error(ErrorKind::usage,
              {"read", "the repository", fmt::format("its object names are {}", base::printable(found->second, 32)),
               "use a repository with SHA-1 names: no other kind is supported"});
}

void begin_command(std::string& text, std::string_view command, const Advertisement& advertisement) {
  append_packet(text, fmt::format("command={}\n", command));
  if (advertisement.has("agent")) append_packet(text, agent);
  if (advertisement.has("object-format")) append_packet(text, "object-format=sha1");
  append_delimiter(text);
}

void refuse_error_packet(const Packet& packet) {
  if (packet.kind == PacketKind::data && packet.payload.starts_with("ERR ")) server_error(packet.line().substr(4));
}

void count_ref(const Packet& packet, std::size_t& packets, std::uint64_t& bytes) {
  bytes += packet.payload.size();
  if (++packets > most_refs) broken_answer(fmt::format("it lists more than {} refs", most_refs));
  if (bytes > most_bytes) broken_answer(fmt::format("its list of refs is larger than {} bytes", most_bytes));
}

// The protocol has no codes, so a server's words are judged, here alone: upload-pack's and JGit's for an object that is
// not there (any more) or may not be asked for, and git's for a filter ("filter 'tree:2' not supported", "tree filter
// allows max depth 0, but got 2").
Fault fault_of(std::string_view message) {
  const auto says = [&](std::string_view words) { return message.find(words) != std::string_view::npos; };
  if (says("not our ref") || says("want ")) return Fault::absent;
  return says("filter") ? Fault::refused_filter : Fault::refused;
}

ObjectId required_id(std::string_view text, std::string_view line) {
  const auto id = ObjectId::parse(text);
  if (!id) broken_answer(fmt::format("\"{}\" names no object", base::printable(line)));
  return *id;
}

}  // namespace

void broken_answer(std::string cause) { throw AnswerError(Fault::broken, std::move(cause)); }

void server_error(std::string_view message) {
  while (!message.empty() && static_cast<unsigned char>(message.back()) <= ' ') message.remove_suffix(1);
  throw AnswerError(fault_of(message), fmt::format("it says \"{}\"", base::printable(message)));
}

bool Advertisement::command_has(std::string_view command, std::string_view word) const {
  const auto found = capabilities.find(command);
  return found != capabilities.end() && is_word_of(found->second, word);
}

void AdvertisementReader::restart() {
  advertisement_ = {};
  packets_ = 0;
  bytes_ = 0;
  complete_ = false;
}

void AdvertisementReader::receive(const Packet& packet) {
  if (complete_) broken_answer("it goes on after its end");
  refuse_error_packet(packet);
  if (packet.kind == PacketKind::flush) {
    check_object_format(advertisement_);
    complete_ = true;
    return;
  }
  if (packet.kind != PacketKind::data) broken_answer("its list of capabilities is cut by a delimiter");
  count_ref(packet, packets_, bytes_);
  if (packets_ == 1 && packet.line() == "version 2") {
    advertisement_.version = 2;
  } else if (packets_ == 1 && packet.line() == "version 1") {
    advertisement_.version = 0;
    packets_ = 0;
  } else if (advertisement_.version == 2) {
    receive_capability(packet.line());
  } else {
    receive_ref(packet.payload);
  }
}

void AdvertisementReader::receive_capability(std::string_view line) {
  if (packets_ > most_capabilities) broken_answer(fmt::format("it lists more than {} capabilities", most_capabilities));
  advertisement_.capabilities.insert(split_capability(line));
}

// Version 0: "<id> <name>", after the first one NUL and the capabilities; peeled tags follow as "<id> <name>^{}".
void AdvertisementReader::receive_ref(std::string_view payload) {
  if (payload.ends_with('\n')) payload.remove_suffix(1);
  const auto nul = payload.find('\0');
  std::string_view line = payload.substr(0, nul);
  if (packets_ == 1 && nul != std::string_view::npos) {
    std::string_view rest = payload.substr(nul + 1);
    while (!rest.empty()) {
      const auto blank = rest.find(' ');
      auto capability = split_capability(rest.substr(0, blank));
      // "symref" comes once for each symbolic ref; only HEAD's is of use.
      if (capability.first != "symref" || capability.second.starts_with("HEAD:")) {
        advertisement_.capabilities.insert(std::move(capability));
      }
      rest = blank == std::string_view::npos ? std::string_view() : rest.substr(blank + 1);
    }
  }
  if (line.starts_with("shallow ")) {
    advertisement_.shallow.push_back(required_id(line.substr(8), line));
    return;
  }
  // An empty repository lists its capabilities on a line of their own.
  if (line.ends_with(" capabilities^{}")) return;
  constexpr std::string_view peeled_suffix = "^{}";
  if (line.ends_with(peeled_suffix)) {
    line.remove_suffix(peeled_suffix.size());
    const auto blank = line.find(' ');
    if (blank == std::string_view::npos) broken_answer("its list of refs has a line without a name");
    if (!advertisement_.refs.empty() && advertisement_.refs.back().name == line.substr(blank + 1)) {
      advertisement_.refs.back().peeled = required_id(line.substr(0, blank), line);
    }
    return;
  }
  if (auto ref = parse_ref_line(line)) advertisement_.refs.push_back(*std::move(ref));
}

std::string ls_refs_request(const Advertisement& advertisement, const std::vector<std::string>& prefixes) {
  std::string text;
  begin_command(text, "ls-refs", advertisement);
  append_packet(text, "peel\n");
  append_packet(text, "symrefs\n");
  for (const auto& prefix : prefixes) append_packet(text, fmt::format("ref-prefix {}\n", prefix));
  append_flush(text);
  return text;
}

void RefsReader::restart() {
  refs_.clear();
  packets_ = 0;
  bytes_ = 0;
  complete_ = false;
}

void RefsReader::receive(const Packet& packet) {
  if (complete_) broken_answer("it goes on after its end");
  refuse_error_packet(packet);
  if (packet.kind == PacketKind::flush) {
    complete_ = true;
    return;
  }
  if (packet.kind != PacketKind::data) broken_answer("its list of refs is cut by a delimiter");
  count_ref(packet, packets_, bytes_);
  if (auto ref = parse_ref_line(packet.line())) refs_.push_back(*std::move(ref));
}

std::string fetch_request(const Advertisement& advertisement, const FetchRequest& request) {
  std::string text;
  begin_command(text, "fetch", advertisement);
  if (request.progress == FetchRequest::Progress::silent) append_packet(text, "no-progress\n");
  append_packet(text, "ofs-delta\n");
  if (request.tags == FetchRequest::Tags::following) append_packet(text, "include-tag\n");
  for (const auto& id : request.wants) append_packet(text, fmt::format("want {}\n", id.text()));
  for (const auto& id : request.shallow) append_packet(text, fmt::format("shallow {}\n", id.text()));
  if (request.depth) append_packet(text, fmt::format("deepen {}\n", *request.depth));
  if (!request.filter.empty()) append_packet(text, fmt::format("filter {}\n", request.filter));
  for (const auto& id : request.haves) append_packet(text, fmt::format("have {}\n", id.text()));
  if (request.negotiation == Negotiation::decide) append_packet(text, "done\n");
  append_flush(text);
  return text;
}

void FetchReader::restart() {
  result_ = {};
  section_ = Section::none;
  lines_ = 0;
  idle_ = 0;
  complete_ = false;
  sink_.restart();
}

void FetchReader::receive(const Packet& packet) {
  if (complete_) broken_answer("it goes on after its end");
  if (section_ != Section::packfile) {
    refuse_error_packet(packet);
    if (packet.kind == PacketKind::data && ++lines_ > most_lines) broken_answer("it has too many lines");
  }
  switch (packet.kind) {
    case PacketKind::flush:
      complete_ = true;
      return;
    case PacketKind::delimiter:
      if (section_ == Section::packfile) broken_answer("its pack is cut by a delimiter");
      section_ = Section::none;
      return;
    case PacketKind::response_end:
      return;
    case PacketKind::data:
      break;
  }
  switch (section_) {
    case Section::none:
      return begin_section(packet.line());
    case Section::acknowledgments:
      return receive_acknowledgment(packet.line());
    case Section::shallow_info:
      if (!receive_shallow(packet.line(), result_))
        broken_answer("its list of shallow commits has a line of another form");
      return;
    case Section::wanted_refs:
      return;
    case Section::packfile:
      return receive_side_band(packet.payload, sink_, idle_);
  }
}

void FetchReader::begin_section(std::string_view header) {
  if (header == "acknowledgments") {
    section_ = Section::acknowledgments;
  } else if (header == "shallow-info") {
    section_ = Section::shallow_info;
  } else if (header == "wanted-refs") {
    section_ = Section::wanted_refs;
  } else if (header == "packfile") {
    section_ = Section::packfile;
    result_.has_pack = true;
  } else {
    broken_answer(fmt::format("\"{}\" is not a section of it", base::printable(header, 64)));
  }
}

void FetchReader::receive_acknowledgment(std::string_view line) {
  if (line == "NAK" || line == "ready") return;
  if (!line.starts_with("ACK "))
    broken_answer(fmt::format("\"{}\" is not an acknowledgment", base::printable(line, 64)));
  result_.common.push_back(required_id(line.substr(4), line));
}

void receive_side_band(std::string_view payload, PackSink& sink, std::uint64_t& idle) {
  if (payload.empty()) broken_answer("its pack has an empty packet");
  if (payload[0] != 1 || payload.size() == 1) idle += payload.size() + packet_header;
  if (idle > most_idle_bytes) broken_answer("it tells of its progress without end");
  switch (payload[0]) {
    case 1:
      return sink.write(payload.substr(1));
    case 2:
      return;
    case 3:
      server_error(payload.substr(1));
    default:
      broken_answer("its pack has a packet of no known band");
  }
}

bool receive_shallow(std::string_view line, FetchResult& result) {
  if (line.starts_with("shallow ")) {
    result.shallow.push_back(required_id(line.substr(8), line));
  } else if (line.starts_with("unshallow ")) {
    result.unshallow.push_back(required_id(line.substr(10), line));
  } else {
    return false;
  }
  return true;
}

}  // namespace git
