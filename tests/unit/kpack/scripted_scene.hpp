// A scene whose events come one by one, each when it is waited for, while the clock goes on by a second.
#pragma once

#include <deque>
#include <functional>
#include <thread>

#include "kpack/scene.hpp"
#include "support/manual_clock.hpp"

namespace test {

class ScriptedScene final : public kpack::Scene {
 public:
  explicit ScriptedScene(ManualClock& clock) : clock_(clock) {}

  [[nodiscard]] const kpack::Observation& seen() const override { return now; }
  [[nodiscard]] const std::optional<kpack::Pod>& pod() const override { return pod_now; }
  [[nodiscard]] bool is_pod_known() const override { return true; }
  void watch_pod(const std::string& name) override { watched_pod = name; }
  void leave_image() override {}
  bool wait(std::chrono::milliseconds longest) override {
    clock_.advance(longest);
    if (events.empty()) {
      // Threads that work beside get their turn.
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return false;
    }
    events.front()();
    events.pop_front();
    return true;
  }

  void then(std::function<void()> event) { events.push_back(std::move(event)); }

  kpack::Observation now;
  std::optional<kpack::Pod> pod_now;
  std::string watched_pod;
  std::deque<std::function<void()>> events;

 private:
  ManualClock& clock_;
};

}  // namespace test
