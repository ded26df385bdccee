#include "builds/phases.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include "base/wording.hpp"

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
  log_.info(fmt::format("{} ({})", what, base::human_seconds(time.seconds)));
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
