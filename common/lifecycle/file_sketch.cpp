#include "lifecycle/file_sketch.hpp"

#include <charconv>
#include <fmt/format.h>
#include <map>
#include <sys/stat.h>

#include "base/wording.hpp"

namespace lifecycle {
namespace {

constexpr std::size_t bucket_digits = 3;
constexpr std::size_t sum_digits = 4;
constexpr std::size_t entry_size = bucket_digits + sum_digits;
constexpr std::size_t most_told_apart = 64;

unsigned number_of(std::string_view digits) {
  unsigned number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return number;
}

std::optional<std::map<std::string_view, std::string_view>> buckets_of(std::string_view sketch) {
  if (sketch.size() % entry_size != 0) return std::nullopt;
  std::map<std::string_view, std::string_view> buckets;
  for (; !sketch.empty(); sketch.remove_prefix(entry_size)) {
    buckets[sketch.substr(0, bucket_digits)] = sketch.substr(bucket_digits, sum_digits);
  }
  return buckets;
}

}  // namespace

std::string sketch_of(const SourceTree& tree) {
  std::map<unsigned, unsigned> buckets;
  for (const auto& entry : tree.entries) {
    if (S_ISDIR(entry.mode)) continue;
    const auto path = base::Sha256::of(entry.path);
    const auto all = base::Sha256::of(fmt::format("{}\n{:o}\n{}", entry.path, entry.mode, entry.content));
    buckets[number_of(path.hex().substr(0, bucket_digits))] ^= number_of(all.hex().substr(0, sum_digits));
  }
  std::string sketch;
  for (const auto& [bucket, sum] : buckets) sketch += fmt::format("{:03x}{:04x}", bucket, sum);
  return sketch;
}

std::optional<std::string> changed_files(std::string_view before, std::string_view now) {
  const auto old_buckets = buckets_of(before);
  const auto new_buckets = buckets_of(now);
  if (before.empty() || now.empty() || !old_buckets || !new_buckets) return std::nullopt;
  std::size_t count = 0;
  for (const auto& [bucket, sum] : *old_buckets) {
    const auto found = new_buckets->find(bucket);
    if (found == new_buckets->end() || found->second != sum) ++count;
  }
  for (const auto& [bucket, sum] : *new_buckets) {
    if (!old_buckets->contains(bucket)) ++count;
  }
  if (count > most_told_apart) return fmt::format("more than {} files changed", most_told_apart);
  return base::counted(count, "file") + " changed";
}

}  // namespace lifecycle
