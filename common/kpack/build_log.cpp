#include "kpack/build_log.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/termination.hpp"
#include "kpack/log_line.hpp"
#include "kubernetes/pod_log.hpp"

namespace kpack {
namespace {

constexpr std::chrono::milliseconds between_looks(250);

}  // namespace

void BuildLog::update(const std::optional<Pod>& pod) {
  {
    const std::lock_guard lock(mutex_);
    pod_ = pod;
  }
  changed_.notify_all();
}

void BuildLog::end() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_all();
}

std::string BuildLog::last_line(const std::string& step) {
  const std::lock_guard lock(mutex_);
  const auto found = last_lines_.find(step);
  return found == last_lines_.end() ? "" : found->second;
}

void BuildLog::run(const std::shared_ptr<const base::Cancellation>& cancellation) {
  std::string uid;
  try {
    while (const auto pod = wait_for_pod(uid, *cancellation)) {
      // kpack makes a pod that was deleted anew, and the build begins again.
      if (!uid.empty()) log_.warning("the pod of the build was replaced: the build begins again");
      uid = pod->uid;
      show_steps(*pod, cancellation);
    }
  } catch (const base::Error& error) {
    log_.warning(fmt::format("the log of the build is not shown: {}", error.what()));
  }
}

// Nothing when the build is over and there will be none.
std::optional<Pod> BuildLog::wait_for_pod(const std::string& other_than, const base::Cancellation& cancellation) {
  std::unique_lock lock(mutex_);
  while (true) {
    cancellation.throw_if_requested();
    base::throw_if_terminated();
    if (pod_ && pod_->uid != other_than && !pod_->steps.empty()) return pod_;
    if (is_over_) return std::nullopt;
    changed_.wait_for(lock, between_looks);
  }
}

BuildLog::Start BuildLog::wait_for(const std::string& uid, std::size_t step, const base::Cancellation& cancellation) {
  std::unique_lock lock(mutex_);
  while (true) {
    cancellation.throw_if_requested();
    base::throw_if_terminated();
    if (pod_ && pod_->uid != uid) return Start::other_pod;
    const auto* known = pod_ && step < pod_->steps.size() ? &pod_->steps[step] : nullptr;
    if (known != nullptr && known->state != Step::State::waiting) return Start::ready;
    const bool is_pod_over = pod_ && (pod_->phase == "Failed" || pod_->phase == "Succeeded");
    if (is_over_ || is_pod_over) return Start::over;
    changed_.wait_for(lock, between_looks);
  }
}

bool BuildLog::has_ended(const std::string& uid, const std::string& step) {
  const std::lock_guard lock(mutex_);
  if (is_over_ || !pod_ || pod_->uid != uid) return true;
  const auto* known = pod_->step(step);
  return known == nullptr || known->state == Step::State::terminated || pod_->phase == "Failed";
}

void BuildLog::show_steps(const Pod& pod, const std::shared_ptr<const base::Cancellation>& cancellation) {
  for (std::size_t i = 0; i < pod.steps.size(); ++i) {
    if (wait_for(pod.uid, i, *cancellation) != Start::ready) return;
    show_step(pod, pod.steps[i].name, cancellation);
  }
}

void BuildLog::show_step(const Pod& pod, const std::string& step,
                         const std::shared_ptr<const base::Cancellation>& cancellation) {
  log_.heading(heading_of(step));
  std::string last;
  const auto show = [&](std::string_view line) {
    const auto shown = shown_line(line);
    if (shown.find_first_not_of(" \t") != std::string::npos) last = shown;
    log_.output(shown + "\n");
  };
  const auto end = kubernetes::follow_log(
      client_, {space_, pod.name, step}, [&] { return has_ended(pod.uid, step); }, show, random_, log_, cancellation);
  if (end == kubernetes::LogEnd::lost) log_.warning(fmt::format("the log of the step {} is lost from here on", step));
  const std::lock_guard lock(mutex_);
  last_lines_[step] = std::move(last);
}

}  // namespace kpack
