#include "support/local_server.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>

namespace test {
namespace {

// The length that a request's Content-Length announces.
std::size_t body_length(const std::string& head) {
  const auto at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
}

}  // namespace

LocalServer::LocalServer(Handler handler)
    : handler_(std::move(handler)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_.get(), generic, length) != 0 || listen(listener_.get(), 16) != 0 ||
      getsockname(listener_.get(), generic, &length) != 0) {
    throw std::runtime_error("no port on loopback");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

LocalServer::~LocalServer() {
  ending_ = true;
  thread_.join();
}

std::string LocalServer::url(std::string_view path) const { return fmt::format("http://127.0.0.1:{}{}", port_, path); }

std::vector<std::string> LocalServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void LocalServer::serve() {
  while (!ending_) {
    pollfd waiting{listener_.get(), POLLIN, 0};
    if (poll(&waiting, 1, 20) > 0) answer(base::FileDescriptor(accept(listener_.get(), nullptr, nullptr)));
  }
}

void LocalServer::answer(base::FileDescriptor connection) {
  std::string request;
  std::array<char, 65536> buffer{};
  std::size_t wanted = std::string::npos;
  while (request.size() < wanted) {
    const ssize_t count = recv(connection.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) break;
    request.append(buffer.data(), static_cast<std::size_t>(count));
    const auto end = request.find("\r\n\r\n");
    if (end != std::string::npos) wanted = end + 4 + body_length(request.substr(0, end));
  }
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  handler_(request, [&](std::string_view bytes) {
    while (!bytes.empty() && !ending_) {
      const ssize_t count = send(connection.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  });
}

}  // namespace test
