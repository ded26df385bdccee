#include "support/local_server.hpp"

#include <array>
#include <cstring>
#include <fmt/format.h>
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
    : handler_(std::move(handler)), listener_([this](auto connection) { answer(std::move(connection)); }) {}

std::string LocalServer::url(std::string_view path) const { return fmt::format("http://127.0.0.1:{}{}", port(), path); }

std::vector<std::string> LocalServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
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
    while (!bytes.empty() && !listener_.is_ending()) {
      const ssize_t count = send(connection.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  });
}

}  // namespace test
