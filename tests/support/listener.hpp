// A port of its own on loopback, whose connections are taken one after another by a thread until the end of its life:
// what the servers of the unit tests stand on.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include "base/file_descriptor.hpp"

namespace test {

class Listener {
 public:
  // Called on the thread with each connection, from the first moment on: whoever holds a Listener makes it last.
  using Answer = std::function<void(base::FileDescriptor connection)>;

  explicit Listener(Answer answer);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] int port() const { return port_; }
  // What an answer that goes on and on has to watch.
  [[nodiscard]] bool is_ending() const { return ending_; }

 private:
  void serve();

  Answer answer_;
  base::FileDescriptor socket_;
  int port_ = 0;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace test
