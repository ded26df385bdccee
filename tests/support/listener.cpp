#include "support/listener.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>

namespace test {

Listener::Listener(Answer answer)
    : answer_(std::move(answer)), socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(socket_.get(), generic, length) != 0 || listen(socket_.get(), 16) != 0 ||
      getsockname(socket_.get(), generic, &length) != 0) {
    throw std::runtime_error("no port on loopback");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

Listener::~Listener() {
  ending_ = true;
  thread_.join();
}

void Listener::serve() {
  while (!ending_) {
    pollfd waiting{socket_.get(), POLLIN, 0};
    if (poll(&waiting, 1, 20) > 0) answer_(base::FileDescriptor(accept(socket_.get(), nullptr, nullptr)));
  }
}

}  // namespace test
