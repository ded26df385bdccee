#include "fleet/patch_text.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/wording.hpp"

namespace fleet {
namespace {

constexpr std::size_t packages_in_a_line = 5;
constexpr std::size_t packages_in_the_log = 50;

}  // namespace

std::string summary_of(const BaseStep& step) {
  if (!step.packages.unknown.empty()) return "";
  return packages::summary_of(step.packages.difference, packages_in_a_line);
}

void show(const BaseStep& step, base::Log& log) {
  log.info(fmt::format("{}: {} on {}", step.platform, base::counted(step.images, "image"), step.before));
  if (!step.packages.unknown.empty()) {
    return log.info("which packages the patch changes is not known: " + step.packages.unknown);
  }
  const auto lines = packages::lines_of(step.packages.difference);
  if (lines.empty()) return log.info("the patch changes no package");
  for (std::size_t i = 0; i < std::min(lines.size(), packages_in_the_log); ++i) log.detail(lines[i]);
  if (lines.size() > packages_in_the_log) {
    log.detail(fmt::format("and {} more, see the report", lines.size() - packages_in_the_log));
  }
}

}  // namespace fleet
