// One exchange of packets with a git server: what is asked for, and the packets that come back. Implemented over HTTP
// (http_transport), over the pipes of a git-upload-pack or ssh process (process_transport), and by scripts in tests.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "git/pkt_line.hpp"

namespace git {

// Takes the packets of one answer. restart() voids what came before: the request is sent anew.
class PacketReceiver {
 public:
  virtual ~PacketReceiver() = default;
  virtual void restart() = 0;
  virtual void receive(const Packet& packet) = 0;
  // Whether the answer is complete: on a pipe nothing else marks its end.
  [[nodiscard]] virtual bool complete() const = 0;
};

enum class Session {
  stateless,  // each request stands alone (HTTP)
  stateful,   // one conversation on one connection (pipes)
};

class Transport {
 public:
  virtual ~Transport() = default;
  // The capability advertisement (version 2), or the list of refs of a server that knows no version 2.
  virtual void advertise(PacketReceiver& receiver) = 0;
  // Sends one request, whole, and receives its answer.
  virtual void request(std::string_view body, PacketReceiver& receiver) = 0;
  [[nodiscard]] virtual Session session() const = 0;
  // Ends a conversation that can serve no further request (version 0 serves one); the next request begins anew.
  virtual void hang_up() {}
  // The repository, as errors name it.
  [[nodiscard]] virtual std::string shown() const = 0;
};

}  // namespace git
