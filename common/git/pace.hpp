// Tells a git server that is slow but alive from one that has stalled: pure, with the time given. A server that counts
// objects says every few seconds that it is still there (an empty packet of the side band, or its progress), and may do
// so for long; what it sends has to come at a pace that leads somewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "git/field_names.hpp"
#include "git/pkt_line.hpp"

namespace git {

struct Patience {
  std::chrono::seconds silence{60};  // nothing at all comes
  // On average over a window, unless the server says that it is at work.
  std::uint64_t slowest_bytes_per_second = 1000;
  std::chrono::seconds window{60};
  // How long a server may be at work in all, and send next to nothing.
  std::chrono::seconds longest_work{1800};
};

class Pace {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Pace(const Patience& patience, Time start) : patience_(patience), last_(start), window_start_(start) {}

  void moved(std::uint64_t bytes, Time now);
  // A packet that is nothing but a sign of life.
  void at_work() { at_work_ = true; }

  enum class Stall { silent, slow, always_at_work };
  [[nodiscard]] std::optional<Stall> look(Time now);

 private:
  Patience patience_;
  Time last_;
  Time window_start_;
  std::uint64_t bytes_ = 0;  // in this window
  bool at_work_ = false;
  std::chrono::steady_clock::duration worked_{};
};

// Whether a packet of a side band (gitprotocol-pack, "Packfile Data") holds no part of a pack.
[[nodiscard]] bool is_sign_of_life(const Packet& packet);

// Throws for a transfer that has stalled: {transient}, and {protocol} for a server that is always at work, for it would
// begin its work anew.
void require_pace(Pace& pace, const Patience& patience, Pace::Time now, const std::string& shown,
                  const FieldNames& fields);

}  // namespace git
