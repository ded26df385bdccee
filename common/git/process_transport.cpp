#include "git/process_transport.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <poll.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/termination.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kept_errors = 8192;
constexpr int poll_interval = 500;
constexpr std::chrono::seconds longest_farewell{10};

class ProcessTransport final : public Transport {
 public:
  explicit ProcessTransport(ProcessTransportOptions options) : options_(std::move(options)) {
    options_.command.input = base::Stream::pipe;
  }

  [[nodiscard]] std::string shown() const override { return options_.shown; }
  [[nodiscard]] Session session() const override { return Session::stateful; }
  void hang_up() override {
    process_.reset();
    unsent_.clear();
  }

  void advertise(PacketReceiver& receiver) override {
    start();
    receive(receiver);
  }

  void request(std::string_view body, PacketReceiver& receiver) override {
    if (!process_) {
      start();
      Skipped skipped;
      receive(skipped);
    }
    unsent_ = body;
    receive(receiver);
  }

 private:
  // The advertisement of a process that was started again: already known.
  class Skipped final : public PacketReceiver {
   public:
    void restart() override { ended_ = false; }
    void receive(const Packet& packet) override { ended_ = ended_ || packet.kind == PacketKind::flush; }
    [[nodiscard]] bool complete() const override { return ended_; }

   private:
    bool ended_ = false;
  };

  void start() {
    process_.reset();
    errors_.clear();
    errors_open_ = true;
    process_.emplace(options_.command);
    // Neither side may wait for the other with full pipes: requests are written as the server takes them.
    fcntl(process_->input(), F_SETFL, O_NONBLOCK);
  }

  void receive(PacketReceiver& receiver) {
    receiver.restart();
    PacketParser parser;
    Pace pace(options_.patience, std::chrono::steady_clock::now());
    while (!receiver.complete()) {
      std::array<struct pollfd, 4> polled{{{process_->output(), POLLIN, 0},
                                           {errors_open_ ? process_->errors() : -1, POLLIN, 0},
                                           {unsent_.empty() ? -1 : process_->input(), POLLOUT, 0},
                                           {base::termination_descriptor(), POLLIN, 0}}};
      if (poll(polled.data(), polled.size(), poll_interval) < 0 && errno != EINTR) {
        throw base::system_error("read", shown(), errno);
      }
      base::throw_if_terminated();
      std::uint64_t moved = 0;
      if (polled[1].revents != 0) read_errors();
      if (polled[2].revents != 0) moved += send_some();
      if (polled[0].revents != 0) {
        const auto received = read_some(parser, receiver, pace);
        if (!received) return ended(receiver);
        moved += *received;
      }
      const auto now = std::chrono::steady_clock::now();
      pace.moved(moved, now);
      require_alive(pace, now);
    }
  }

  // How many bytes came; nothing at the end of the output.
  std::optional<std::uint64_t> read_some(PacketParser& parser, PacketReceiver& receiver, Pace& pace) {
    std::array<char, 65536> buffer{};
    const ssize_t count = read(process_->output(), buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return 0;
    if (count <= 0) {
      parser.finish();
      return std::nullopt;
    }
    parser.feed({buffer.data(), static_cast<std::size_t>(count)}, [&](const Packet& packet) {
      if (is_sign_of_life(packet)) pace.at_work();
      receiver.receive(packet);
    });
    return static_cast<std::uint64_t>(count);
  }

  void read_errors() {
    std::array<char, 4096> buffer{};
    const ssize_t count = read(process_->errors(), buffer.data(), buffer.size());
    if (count == 0) errors_open_ = false;
    if (count <= 0) return;
    errors_.append(buffer.data(), static_cast<std::size_t>(count));
    if (errors_.size() > kept_errors) errors_.erase(0, errors_.size() - kept_errors);
  }

  // Whether there was something to read, or the end.
  bool read_errors_within(std::chrono::milliseconds longest) {
    struct pollfd errors {
      errors_open_ ? process_->errors() : -1, POLLIN, 0
    };
    if (poll(&errors, 1, static_cast<int>(longest.count())) <= 0) return false;
    read_errors();
    return true;
  }

  std::uint64_t send_some() {
    const ssize_t count = write(process_->input(), unsent_.data(), unsent_.size());
    if (count < 0) {
      // A server that has gone is noticed, with its reason, when its output ends.
      if (errno != EAGAIN && errno != EINTR) unsent_.clear();
      return 0;
    }
    unsent_.erase(0, static_cast<std::size_t>(count));
    return static_cast<std::uint64_t>(count);
  }

  // The end of the output: fine for a receiver that has all it wants, otherwise the process says why it ended.
  void ended(const PacketReceiver& receiver) {
    const auto end = std::chrono::steady_clock::now() + longest_farewell;
    std::optional<base::ExitStatus> ending;
    // Errors are read meanwhile, so that the process does not wait for that; not until they are closed: what it left
    // behind may hold them open for ever.
    while (!ending && std::chrono::steady_clock::now() < end) {
      static_cast<void>(read_errors_within(std::chrono::milliseconds(20)));
      ending = process_->wait(std::chrono::milliseconds(0));
    }
    while (std::chrono::steady_clock::now() < end && read_errors_within(std::chrono::milliseconds(0))) {
    }
    const auto status = ending.value_or(base::ExitStatus{.code = 0, .signal = SIGKILL});
    process_.reset();
    unsent_.clear();
    if (receiver.complete()) return;
    throw options_.explain(errors_, status);
  }

  void require_alive(Pace& pace, Pace::Time now) {
    try {
      require_pace(pace, options_.patience, now, shown(), options_.fields);
    } catch (const Error&) {
      process_.reset();
      throw;
    }
  }

  ProcessTransportOptions options_;
  std::optional<base::Process> process_;
  std::string unsent_;
  std::string errors_;
  bool errors_open_ = false;
};

std::string last_line(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  const auto newline = text.rfind('\n');
  return std::string(newline == std::string_view::npos ? text : text.substr(newline + 1));
}

}  // namespace

std::unique_ptr<Transport> make_process_transport(ProcessTransportOptions options) {
  return std::make_unique<ProcessTransport>(std::move(options));
}

std::unique_ptr<Transport> make_upload_pack_transport(const std::filesystem::path& repository, std::string_view path,
                                                      const FieldNames& fields) {
  const auto program = base::find_program("git-upload-pack", path);
  if (!program) return nullptr;
  ProcessTransportOptions options;
  options.shown = repository.string();
  options.fields = fields;
  options.command.program = *program;
  // Only what is named here is in the process's environment: no HOME, so that no configuration of a user changes what
  // is served. A repository that belongs to somebody else is one of the pipeline's own inputs, so git's owner check is
  // answered.
  options.command.arguments = {"--timeout=60", repository.string()};
  options.command.environment = {{"PATH", std::string(path)},
                                 {"LC_ALL", "C"},
                                 {"GIT_PROTOCOL", "version=2"},
                                 {"GIT_CONFIG_NOSYSTEM", "1"},
                                 {"GIT_NO_LAZY_FETCH", "1"},
                                 {"GIT_CONFIG_COUNT", "2"},
                                 {"GIT_CONFIG_KEY_0", "safe.directory"},
                                 {"GIT_CONFIG_VALUE_0", "*"},
                                 {"GIT_CONFIG_KEY_1", "uploadpack.allowFilter"},
                                 {"GIT_CONFIG_VALUE_1", "true"}};
  options.explain = [shown = options.shown, uri = fields.uri](const std::string& errors,
                                                              const base::ExitStatus& status) {
    std::string cause = last_line(errors);
    constexpr std::string_view fatal = "fatal: ";
    if (cause.starts_with(fatal)) cause.erase(0, fatal.size());
    // The program has one exit status for everything, and in this locale these words.
    const bool missing = cause.find("not appear to be a git repository") != std::string::npos;
    return Error(missing ? ErrorKind::not_found : ErrorKind::protocol,
                 {"read", shown, cause.empty() ? "git-upload-pack: " + base::describe(status) : cause,
                  missing ? "check " + uri : ""});
  };
  return make_process_transport(std::move(options));
}

}  // namespace git
