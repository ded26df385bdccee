#include "git/pace.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace git {

void Pace::moved(std::uint64_t bytes, Time now) {
  if (bytes == 0) return;
  last_ = now;
  bytes_ += bytes;
}

std::optional<Pace::Stall> Pace::look(Time now) {
  if (now - last_ >= patience_.silence) return Stall::silent;
  const auto passed = now - window_start_;
  if (passed < patience_.window) return std::nullopt;
  const auto seconds = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(passed).count());
  const bool slow = bytes_ < patience_.slowest_bytes_per_second * seconds;
  if (slow && !at_work_) return Stall::slow;
  if (slow) worked_ += passed;
  if (worked_ > patience_.longest_work) return Stall::always_at_work;
  window_start_ = now;
  bytes_ = 0;
  at_work_ = false;
  return std::nullopt;
}

bool is_sign_of_life(const Packet& packet) {
  return packet.kind == PacketKind::data && (packet.payload == "\1" || packet.payload.starts_with('\2'));
}

void require_pace(Pace& pace, const Patience& patience, Pace::Time now, const std::string& shown,
                  const FieldNames& fields) {
  using base::Error;
  using base::ErrorKind;
  const auto stall = pace.look(now);
  if (!stall) return;
  switch (*stall) {
    case Pace::Stall::silent:
      throw Error(ErrorKind::transient,
                  {"read", shown,
                   fmt::format("it did not answer in time (it was silent for {} seconds)", patience.silence.count()),
                   "try again later"});
    case Pace::Stall::slow:
      throw Error(ErrorKind::transient,
                  {"read", shown,
                   fmt::format("it did not answer in time (fewer than {} bytes a second for {} seconds)",
                               patience.slowest_bytes_per_second, patience.window.count()),
                   "try again later"});
    case Pace::Stall::always_at_work:
      throw Error(ErrorKind::protocol,
                  {"read", shown,
                   fmt::format("it says that it is at work, and sent nothing for {} minutes",
                               std::chrono::duration_cast<std::chrono::minutes>(patience.longest_work).count()),
                   fmt::format("ask the server's owner, or give {}", fields.depth)});
  }
}

}  // namespace git
