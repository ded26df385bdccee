#include "builds/phases.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

namespace builds {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Of this process, and of the children that have ended.
double cpu_seconds() {
  double sum = 0;
  for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    struct rusage usage {};
    if (getrusage(who, &usage) == 0) sum += seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  }
  return sum;
}

}  // namespace

void Phases::begin(std::string_view name) {
  log_.heading(name);
  name_ = name;
  started_ = log_.clock().steady_now();
  cpu_ = cpu_seconds();
}

void Phases::end(std::string_view what) {
  const auto time = current();
  ended_.push_back(time);
  name_ = "";
  const std::chrono::milliseconds took(static_cast<std::int64_t>(time.seconds * 1000));
  log_.info(fmt::format("{} ({})", what, base::human_duration(took)));
  log_.debug(fmt::format("{}: {:.2f} s of CPU", time.name, time.cpu));
}

std::vector<PhaseTime> Phases::times() const {
  auto times = ended_;
  if (!name_.empty()) times.push_back(current());
  return times;
}

PhaseTime Phases::current() const {
  const std::chrono::duration<double> took = log_.clock().steady_now() - started_;
  return {std::string(name_), took.count(), cpu_seconds() - cpu_};
}

}  // namespace builds
