// A value for each key that costs a conversation and serves many: the first who needs it makes it, others that need the
// same wait for that one, all others go on. The lock guards the map, never the making (as in containerd's authorizer).
#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/cancellation.hpp"
#include "base/error.hpp"
#include "base/termination.hpp"

namespace registry {

template <class Key, class Value>
class Once {
 public:
  // The value of `key` that `is_good` accepts, else what `make` gives. An Error of `make` reaches all who waited for
  // it, and is not kept. Whatever else ends it (a cancellation) is of its own thread: another one of them makes anew.
  template <class IsGood, class Make>
  Value get(const Key& key, const IsGood& is_good, const Make& make, const base::Cancellation* cancellation = nullptr) {
    while (true) {
      std::shared_ptr<Making> making;
      bool is_ours = false;
      {
        const std::lock_guard lock(mutex_);
        auto& entry = entries_[key];
        if (entry.value && is_good(*entry.value)) return *entry.value;
        is_ours = !entry.making;
        if (is_ours) entry.making = std::make_shared<Making>();
        making = entry.making;
      }
      if (is_ours) return run(key, *making, make);
      if (auto value = wait(*making, cancellation)) return *std::move(value);
    }
  }

  // Any good value of whichever key `accepts` takes, among those from `first` on that are `near`.
  template <class IsNear, class Accepts>
  [[nodiscard]] std::optional<Value> find(const Key& first, const IsNear& is_near, const Accepts& accepts) const {
    const std::lock_guard lock(mutex_);
    for (auto entry = entries_.lower_bound(first); entry != entries_.end() && is_near(entry->first); ++entry) {
      if (entry->second.value && accepts(entry->first, *entry->second.value)) return entry->second.value;
    }
    return std::nullopt;
  }

  // Drops the values that `is_bad` names, so that the next get() makes them anew.
  template <class IsBad>
  void drop(const IsBad& is_bad) {
    const std::lock_guard lock(mutex_);
    for (auto& [key, entry] : entries_) {
      if (entry.value && is_bad(*entry.value)) entry.value.reset();
    }
  }

 private:
  struct Making {
    std::mutex mutex;
    std::condition_variable changed;
    bool is_over = false;
    std::optional<Value> value;
    std::exception_ptr error;
  };
  struct Entry {
    std::optional<Value> value;
    std::shared_ptr<Making> making;
  };

  template <class Make>
  Value run(const Key& key, Making& making, const Make& make) {
    std::optional<Value> value;
    std::exception_ptr error;
    try {
      value = make();
    } catch (const base::Error&) {
      error = std::current_exception();
      finish(key, making, std::nullopt, error);
      throw;
    } catch (...) {
      finish(key, making, std::nullopt, nullptr);
      throw;
    }
    finish(key, making, value, nullptr);
    return *std::move(value);
  }

  void finish(const Key& key, Making& making, const std::optional<Value>& value, const std::exception_ptr& error) {
    {
      const std::lock_guard lock(mutex_);
      auto& entry = entries_[key];
      if (value) entry.value = value;
      entry.making.reset();
    }
    const std::lock_guard lock(making.mutex);
    making.is_over = true;
    making.value = value;
    making.error = error;
    making.changed.notify_all();
  }

  static std::optional<Value> wait(Making& making, const base::Cancellation* cancellation) {
    constexpr std::chrono::milliseconds look{100};
    std::unique_lock lock(making.mutex);
    while (!making.changed.wait_for(lock, look, [&] { return making.is_over; })) {
      base::throw_if_terminated();
      if (cancellation != nullptr) cancellation->throw_if_requested();
    }
    if (making.error) std::rethrow_exception(making.error);
    return making.value;
  }

  mutable std::mutex mutex_;  // guards the map
  std::map<Key, Entry> entries_;
};

}  // namespace registry
