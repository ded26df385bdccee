// Git's framing (gitprotocol-common, "pkt-line Format"): four hexadecimal digits of length, then the payload. The
// parser is fed with whatever pieces the network gives and holds at most one packet (65,520 bytes) back.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace git {

// What is wrong with a server's answer.
enum class Fault {
  broken,          // {protocol}: it breaks the protocol
  cut,             // {transient}: it ended too early
  absent,          // {not_found}: the server says that it does not have what is wanted
  refused_filter,  // {protocol}: the server says that it does not take the filter
  refused,         // {protocol}: the server says anything else
};

// What reads an answer does not know whose it is; what does know names it.
class AnswerError final : public base::Error {
 public:
  AnswerError(Fault fault, std::string cause) : AnswerError(fault, "the git server's answer", std::move(cause)) {}

  [[nodiscard]] Fault fault() const { return fault_; }
  [[nodiscard]] AnswerError named(std::string server) const { return {fault_, std::move(server), report().cause}; }

 private:
  AnswerError(Fault fault, std::string object, std::string cause);

  Fault fault_;
};

enum class PacketKind { data, flush, delimiter, response_end };

struct Packet {
  PacketKind kind;
  std::string_view payload;  // of data packets; valid during the call only

  // The payload without the newline that text packets may end with.
  [[nodiscard]] std::string_view line() const;
};

class PacketParser {
 public:
  using Receiver = std::function<void(const Packet&)>;

  // Calls `receiver` for every packet that is complete. Error{protocol} for a length that is not valid.
  void feed(std::string_view bytes, const Receiver& receiver);
  // Error{protocol} when the stream ended within a packet.
  void finish() const;
  void reset() { held_.clear(); }

 private:
  std::string held_;
};

// Error{internal} for a payload beyond 65,516 bytes.
void append_packet(std::string& output, std::string_view payload);
void append_flush(std::string& output);
void append_delimiter(std::string& output);

}  // namespace git
