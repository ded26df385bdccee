// Version 0 of git's protocol (gitprotocol-pack), for servers that know no version 2: refs come with the advertisement,
// and one request holds wants, haves and where to cut.
#pragma once

#include <string>

#include "git/protocol.hpp"

namespace git {

[[nodiscard]] std::string fetch_request_v0(const Advertisement& advertisement, const FetchRequest& request,
                                           Session session);

class FetchReaderV0 final : public PacketReceiver {
 public:
  FetchReaderV0(PackSink& sink, const FetchRequest& request)
      : sink_(sink), deepens_(request.depth.has_value()), asks_(request.negotiation == Negotiation::ask) {}
  void restart() override;
  void receive(const Packet& packet) override;
  // Without a pack the end is a NAK: the server says no more until it is told more.
  [[nodiscard]] bool complete() const override { return ended_ || (asks_ && nak_ && !ready_); }
  [[nodiscard]] FetchResult take() { return std::move(result_); }

 private:
  void receive_line(std::string_view line);

  PackSink& sink_;
  bool deepens_;
  bool asks_;
  FetchResult result_;
  std::size_t lines_ = 0;
  std::uint64_t idle_ = 0;
  bool in_shallow_info_ = false;
  bool nak_ = false;
  bool ready_ = false;  // the server sends the pack without being told "done"
  bool ended_ = false;
};

}  // namespace git
