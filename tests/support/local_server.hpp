// A server on loopback that answers as a test says, byte for byte: for what no well-behaved server can be made to do.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/file_descriptor.hpp"

namespace test {

class LocalServer {
 public:
  // Called with one request (head and body as they came) and a function that sends bytes; the connection is closed
  // when it returns.
  using Send = std::function<void(std::string_view)>;
  using Handler = std::function<void(const std::string& request, const Send& send)>;

  explicit LocalServer(Handler handler);
  ~LocalServer();
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  [[nodiscard]] std::string url(std::string_view path = "/") const;
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::vector<std::string> requests() const;

 private:
  void serve();
  void answer(base::FileDescriptor connection);

  Handler handler_;
  base::FileDescriptor listener_;
  int port_ = 0;
  std::atomic<bool> ending_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace test
