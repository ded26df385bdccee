#include "git/ssh_transport.hpp"

#include <fmt/format.h>

#include "git/process_transport.hpp"
#include "http/retrying.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

constexpr http::RetryPolicy connecting{.attempts = 3};

class SshTransport final : public Transport {
 public:
  SshTransport(const SshLocation& location, std::shared_ptr<const SshClient> client, base::Random& random,
               base::Log& log)
      : client_(std::move(client)), random_(random), log_(log) {
    ProcessTransportOptions process;
    process.shown = client_->shown();
    process.command = client_->command("git-upload-pack " + quoted_path_for_shell(location.path));
    process.explain = [this](const std::string& errors, const base::ExitStatus& status) {
      return client_->explain(errors, status);
    };
    inner_ = make_process_transport(std::move(process));
  }

  // A host that is restarting, or has too many at its door (sshd's MaxStartups), may answer the next time.
  void advertise(PacketReceiver& receiver) override {
    for (int attempt = 1;; ++attempt) {
      try {
        return inner_->advertise(receiver);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::transient) throw;
        const auto delay = http::next_delay(connecting, attempt + 1, std::nullopt, random_);
        if (!delay) throw;
        log_.warning(fmt::format("{}: {}; attempt {} of {} in {}", shown(), base::printable(error.report().cause),
                                 attempt + 1, connecting.attempts, base::human_duration(*delay)));
        log_.clock().sleep(*delay);
      }
    }
  }
  void request(std::string_view body, PacketReceiver& receiver) override { inner_->request(body, receiver); }
  [[nodiscard]] Session session() const override { return inner_->session(); }
  void hang_up() override { inner_->hang_up(); }
  [[nodiscard]] std::string shown() const override { return client_->shown(); }

 private:
  std::shared_ptr<const SshClient> client_;
  base::Random& random_;
  base::Log& log_;
  std::unique_ptr<Transport> inner_;
};

}  // namespace

std::unique_ptr<Transport> make_ssh_transport(const SshLocation& location, std::shared_ptr<const SshClient> client,
                                              base::Random& random, base::Log& log) {
  return std::make_unique<SshTransport>(location, std::move(client), random, log);
}

}  // namespace git
