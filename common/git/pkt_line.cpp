#include "git/pkt_line.hpp"

#include <fmt/format.h>
#include <optional>
#include <utility>

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t header_size = 4;
constexpr std::size_t largest_packet = 65520;

[[noreturn]] void fail(std::string cause) { throw AnswerError(Fault::broken, std::move(cause)); }

ErrorKind kind_of(Fault fault) {
  switch (fault) {
    case Fault::cut:
      return ErrorKind::transient;
    case Fault::absent:
      return ErrorKind::not_found;
    case Fault::broken:
    case Fault::refused_filter:
    case Fault::refused:
      return ErrorKind::protocol;
  }
  return ErrorKind::protocol;
}

base::Report report_of(Fault fault, std::string object, std::string cause) {
  const bool is_read = fault == Fault::broken || fault == Fault::cut;
  return {is_read ? "read" : "fetch from", std::move(object), std::move(cause), fault == Fault::cut ? "try again" : ""};
}

std::size_t parse_length(std::string_view header) {
  std::size_t length = 0;
  for (const char c : header) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) fail(fmt::format("\"{}\" is not the length of a packet", base::printable(header)));
    length = length * 16 + static_cast<std::size_t>(digit);
  }
  if (length == 3 || length > largest_packet) fail(fmt::format("{} is not the length of a packet", length));
  return length;
}

// The first packet of `bytes` and how much of them it takes; nothing while it is incomplete.
std::optional<std::pair<Packet, std::size_t>> first_packet(std::string_view bytes) {
  if (bytes.size() < header_size) return std::nullopt;
  const std::size_t length = parse_length(bytes.substr(0, header_size));
  if (length == 0) return {{{PacketKind::flush, {}}, header_size}};
  if (length == 1) return {{{PacketKind::delimiter, {}}, header_size}};
  if (length == 2) return {{{PacketKind::response_end, {}}, header_size}};
  if (bytes.size() < length) return std::nullopt;
  return {{{PacketKind::data, bytes.substr(header_size, length - header_size)}, length}};
}

}  // namespace

AnswerError::AnswerError(Fault fault, std::string object, std::string cause)
    : Error(kind_of(fault), report_of(fault, std::move(object), std::move(cause))), fault_(fault) {}

std::string_view Packet::line() const {
  return payload.ends_with('\n') ? payload.substr(0, payload.size() - 1) : payload;
}

void PacketParser::feed(std::string_view bytes, const Receiver& receiver) {
  // A held packet is completed first, with no more bytes than it needs: the rest is read where it lies.
  while (!held_.empty() && !bytes.empty()) {
    const std::size_t wanted = held_.size() < header_size ? header_size : parse_length(held_.substr(0, header_size));
    const std::size_t missing = std::min(bytes.size(), wanted > held_.size() ? wanted - held_.size() : 0);
    held_ += bytes.substr(0, missing);
    bytes.remove_prefix(missing);
    if (const auto packet = first_packet(held_)) {
      const std::string complete = std::exchange(held_, {});
      receiver(first_packet(complete)->first);
    }
  }
  while (const auto packet = first_packet(bytes)) {
    receiver(packet->first);
    bytes.remove_prefix(packet->second);
  }
  held_ += bytes;
}

void PacketParser::finish() const {
  if (!held_.empty()) fail("it ended in the middle of a packet");
}

void append_packet(std::string& output, std::string_view payload) {
  if (payload.size() + header_size > largest_packet) {
    throw Error(ErrorKind::internal, {"send", "a git request", "a line is longer than a packet", ""});
  }
  output += fmt::format("{:04x}", payload.size() + header_size);
  output += payload;
}

void append_flush(std::string& output) { output += "0000"; }
void append_delimiter(std::string& output) { output += "0001"; }

}  // namespace git
