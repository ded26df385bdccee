// Version 2 of git's protocol as text and packets (gitprotocol-v2): what is sent, and the receivers that read what
// comes back. Nothing here knows of a network.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "git/remote.hpp"

namespace git {

// What the server can do. A server that knows no version 2 answers with its refs at once.
struct Advertisement {
  int version = 0;
  // Version 2: command or capability to its value ("fetch" -> "shallow filter"). Version 0: capability to its value.
  std::map<std::string, std::string, std::less<>> capabilities;
  RemoteRefs refs;
  std::vector<ObjectId> shallow;  // of a repository that is itself shallow

  [[nodiscard]] bool has(std::string_view capability) const { return capabilities.contains(capability); }
  // Whether `word` stands in the value of a version 2 command.
  [[nodiscard]] bool command_has(std::string_view command, std::string_view word) const;
};

class AdvertisementReader final : public PacketReceiver {
 public:
  void restart() override;
  void receive(const Packet& packet) override;
  [[nodiscard]] bool complete() const override { return complete_; }
  [[nodiscard]] Advertisement take() { return std::move(advertisement_); }

 private:
  void receive_capability(std::string_view line);
  void receive_ref(std::string_view payload);

  Advertisement advertisement_;
  std::size_t packets_ = 0;
  std::uint64_t bytes_ = 0;
  bool complete_ = false;
};

[[nodiscard]] std::string ls_refs_request(const Advertisement& advertisement, const std::vector<std::string>& prefixes);

class RefsReader final : public PacketReceiver {
 public:
  void restart() override;
  void receive(const Packet& packet) override;
  [[nodiscard]] bool complete() const override { return complete_; }
  [[nodiscard]] RemoteRefs take() { return std::move(refs_); }

 private:
  RemoteRefs refs_;
  std::size_t packets_ = 0;
  std::uint64_t bytes_ = 0;
  bool complete_ = false;
};

[[nodiscard]] std::string fetch_request(const Advertisement& advertisement, const FetchRequest& request);

// The sections of an answer to fetch: acknowledgments, shallow-info, packfile; pack data go to the sink as they come.
class FetchReader final : public PacketReceiver {
 public:
  explicit FetchReader(PackSink& sink) : sink_(sink) {}
  void restart() override;
  void receive(const Packet& packet) override;
  [[nodiscard]] bool complete() const override { return complete_; }
  [[nodiscard]] FetchResult take() { return std::move(result_); }

 private:
  enum class Section { none, acknowledgments, shallow_info, wanted_refs, packfile };
  void begin_section(std::string_view header);
  void receive_acknowledgment(std::string_view line);

  PackSink& sink_;
  FetchResult result_;
  Section section_ = Section::none;
  std::size_t lines_ = 0;
  std::uint64_t idle_ = 0;
  bool complete_ = false;
};

// Helpers that version 0 shares.
// One packet of a side band (gitprotocol-pack, "Packfile Data"): 1 is data, 2 progress, 3 the server's error. `idle`
// counts what is not data: a server may say that it is still there, but not for ever.
void receive_side_band(std::string_view payload, PackSink& sink, std::uint64_t& idle);
// "shallow <id>" and "unshallow <id>"; false when the line is neither.
bool receive_shallow(std::string_view line, FetchResult& result);
[[noreturn]] void broken_answer(std::string cause);
// The error for a message that the server ends the conversation with.
[[noreturn]] void server_error(std::string_view message);

}  // namespace git
