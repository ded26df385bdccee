#include "fleet/plan.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "fleet/selection.hpp"

namespace fleet {
namespace {

constexpr std::size_t longest_reason = 500;

std::optional<Verdict> pinned_by_params(const registry::Reference& image, const std::vector<Pin>& pins) {
  for (const auto& pin : pins) {
    if (matches(pin.image, image)) return Verdict{State::pinned, pin.reason};
  }
  return std::nullopt;
}

std::optional<Verdict> pinned_by_label(const Examined& examined) {
  for (const auto& image : examined.images) {
    if (!image.pin) continue;
    auto reason = base::printable(*image.pin, longest_reason);
    if (reason.empty()) reason = fmt::format("the label {}", pin_label);
    return Verdict{State::pinned, std::move(reason)};
  }
  return std::nullopt;
}

// Of an index the platform is said, too.
std::string said_of(const Examined& examined, const Standing& image, const std::string& text) {
  return examined.is_index ? image.platform + ": " + text : text;
}

std::string shown_base(const Standing& image) {
  return image.stands_on.empty() ? "it does not name its base"
                                 : "it stands on " + base::printable(image.stands_on, longest_reason);
}

}  // namespace

std::optional<Verdict> left_out(const registry::Reference& image, const PutParams& params) {
  if (!params.only.empty() && !matches_any(params.only, image)) {
    return Verdict{State::left_out, "params.only does not name it"};
  }
  if (matches_any(params.exclude, image)) return Verdict{State::left_out, "params.exclude names it"};
  return std::nullopt;
}

Verdict judge(const registry::Reference& image, const Examined& examined, const std::vector<Pin>& pins) {
  if (auto pinned = pinned_by_params(image, pins)) return *std::move(pinned);
  if (auto pinned = pinned_by_label(examined)) return *std::move(pinned);
  if (examined.images.empty()) return {State::unreadable, "the index lists no image"};
  // One image that cannot follow holds its index back: half an index on a patched base would look patched.
  const auto first = [&](auto&& is_so) { return std::find_if(examined.images.begin(), examined.images.end(), is_so); };
  const auto end = examined.images.end();
  if (const auto found = first([](const auto& one) { return !one.by_buildpacks; }); found != end) {
    return {State::not_rebasable, said_of(examined, *found, "it was not built by buildpacks")};
  }
  if (const auto found = first([](const auto& one) { return !one.on_this_base; }); found != end) {
    return {State::other_base, said_of(examined, *found, shown_base(*found))};
  }
  if (const auto found = first([](const auto& one) { return !one.has_base; }); found != end) {
    return {State::no_base,
            fmt::format("{}there is no base for {}", examined.is_index ? "index: " : "", found->platform)};
  }
  if (first([](const auto& one) { return !one.current; }) == end) return {State::current, ""};
  if (const auto found = first([](const auto& one) { return !one.current && one.obstacle; }); found != end) {
    return {State::not_rebasable, said_of(examined, *found, *found->obstacle)};
  }
  return {State::planned, ""};
}

void apply_limit(std::vector<Verdict>& verdicts, const Limit& limit) {
  const auto is_planned = [](const Verdict& verdict) { return verdict.state == State::planned; };
  const auto candidates = static_cast<std::size_t>(std::count_if(verdicts.begin(), verdicts.end(), is_planned));
  auto left = limit.of(candidates);
  for (auto& verdict : verdicts) {
    if (!is_planned(verdict)) continue;
    if (left == 0) {
      verdict = {State::left_out, "beyond params.limit"};
    } else {
      --left;
    }
  }
}

Verdict judge_way_back(const registry::Reference& image, const WayBack& way, const std::vector<Pin>& pins) {
  if (auto pinned = pinned_by_params(image, pins)) return *std::move(pinned);
  if (way.wanted.empty()) return {State::left_out, "that version does not know what it was"};
  if (way.now == way.wanted) return {State::current, ""};
  if (way.now.empty()) return {State::moved, "its tag is gone"};
  if (way.last_known.empty()) return {State::moved, "the last put does not know it"};
  if (way.now != way.last_known) return {State::moved, "its tag was moved since the last put"};
  return {State::planned, ""};
}

std::string text_of(const Effort& effort, std::optional<std::uint32_t> rate) {
  if (effort.images == 0) return "nothing";
  auto text = fmt::format("{} {}, {} writes", effort.images, effort.images == 1 ? "image" : "images", effort.writes);
  if (rate) {
    const std::chrono::milliseconds takes(static_cast<std::int64_t>(effort.writes * 60'000 / *rate));
    text += fmt::format(", {} at {} writes a minute", base::human_duration(takes), *rate);
  }
  return text;
}

}  // namespace fleet
