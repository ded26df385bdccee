#include "fleet/progress.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/wording.hpp"
#include "fleet/report.hpp"

namespace fleet {
namespace {

constexpr std::chrono::seconds interval{10};
// Of a state that is as it should be; of those that the put did not touch a few tell enough.
constexpr std::size_t most_rows = 20;
constexpr std::size_t most_rows_as_they_were = 3;

using Row = std::array<std::string, 6>;

Row row_of(const FleetImage& image) {
  return {image.name(),
          short_digest(image.before),
          image.image == image.before ? "" : short_digest(image.image),
          std::string(name_of(image.state)),
          image.seconds > 0 ? base::human_seconds(image.seconds) : "",
          remark_of(image)};
}

// Nobody has to look at each of a thousand images that are as they should be.
bool may_be_counted(const FleetImage& image) {
  return !is_failure(image.state) && image.needs.empty() &&
         (image.state == State::current || image.state == State::left_out || is_change(image.state));
}

std::string aligned(const Row& row, const std::array<std::size_t, 6>& widths) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::string line_of(const FleetImage& image) {
  auto line = fmt::format("{} {}", image.name(), name_of(image.state));
  if (image.image != image.before && !image.before.empty()) {
    line += fmt::format(" {} -> {}", short_digest(image.before), short_digest(image.image));
  }
  if (image.seconds > 0) line += " in " + base::human_seconds(image.seconds);
  const auto remark = remark_of(image);
  return remark.empty() ? line : line + ": " + remark;
}

void Progress::done(const FleetImage& image) {
  const std::lock_guard lock(mutex_);
  const auto width = std::to_string(total_).size();
  const auto text = fmt::format("[{:>{}}/{}] {}", ++done_, width, total_, line_of(image));
  if (is_failure(image.state) || image.state == State::moved) {
    log_.warning(text);
  } else {
    log_.info(text);
  }
  const auto now = log_.clock().steady_now();
  if (now - said_ < interval || done_ == total_) return;
  said_ = now;
  const auto left = (now - began_) * static_cast<std::int64_t>(total_ - done_) / static_cast<std::int64_t>(done_);
  log_.info(fmt::format("{} of {} done, about {} left", done_, total_,
                        base::human_duration(std::chrono::duration_cast<std::chrono::milliseconds>(left))));
}

std::vector<std::string> table_of(const FleetRecord& record) {
  std::vector<const FleetImage*> images;
  for (const auto& image : record.images) images.push_back(&image);
  std::stable_sort(images.begin(), images.end(), [](const auto* a, const auto* b) {
    const auto key = [](const FleetImage& image) { return std::pair(!may_be_counted(image), image.state); };
    return key(*a) < key(*b);
  });
  std::vector<Row> rows{{"IMAGE", "FROM", "TO", "STATE", "TIME", "REASON"}};
  std::size_t shown = 0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto& image = *images[i];
    const bool first = i == 0 || images[i - 1]->state != image.state;
    shown = first ? 1 : shown + 1;
    const auto most = is_change(image.state) ? most_rows : most_rows_as_they_were;
    if (!may_be_counted(image) || shown <= most) {
      rows.push_back(row_of(image));
    } else if (shown == most + 1) {
      const auto more =
          std::count_if(images.begin() + static_cast<std::ptrdiff_t>(i), images.end(),
                        [&](const auto* other) { return other->state == image.state && may_be_counted(*other); });
      rows.push_back({fmt::format("... and {} more {}", more, meaning_of(image.state)), "", "", "", "", ""});
    }
  }
  std::array<std::size_t, 6> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::vector<std::string> result;
  for (const auto& row : rows) result.push_back(aligned(row, widths));
  return result;
}

}  // namespace fleet
