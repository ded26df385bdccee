// A server on loopback that answers as a test says, byte for byte: for what no well-behaved server can be made to do.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/file_descriptor.hpp"
#include "support/listener.hpp"

namespace test {

class LocalServer {
 public:
  // Called with one request (head and body as they came) and a function that sends bytes; the connection is closed
  // when it returns.
  using Send = std::function<void(std::string_view)>;
  using Handler = std::function<void(const std::string& request, const Send& send)>;

  explicit LocalServer(Handler handler);

  [[nodiscard]] std::string url(std::string_view path = "/") const;
  [[nodiscard]] int port() const { return listener_.port(); }
  [[nodiscard]] std::vector<std::string> requests() const;

 private:
  void answer(base::FileDescriptor connection);

  Handler handler_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  Listener listener_;
};

}  // namespace test
