#include "archive/tar_writer.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <optional>

#include "base/error.hpp"

namespace archive {
namespace {

constexpr std::size_t block_size = 512;
constexpr std::size_t name_size = 100;
constexpr std::size_t prefix_size = 155;

struct Field {
  std::size_t offset;
  std::size_t size;
};
// POSIX.1-1988 (ustar).
constexpr Field name_field{0, name_size};
constexpr Field mode_field{100, 8};
constexpr Field user_field{108, 8};
constexpr Field group_field{116, 8};
constexpr Field size_field{124, 12};
constexpr Field modified_field{136, 12};
constexpr Field checksum_field{148, 8};
constexpr std::size_t type_offset = 156;
constexpr Field target_field{157, name_size};
constexpr Field magic_field{257, 8};
constexpr Field device_major_field{329, 8};
constexpr Field device_minor_field{337, 8};
constexpr Field prefix_field{345, prefix_size};

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string only_ascii(std::string_view text) {
  std::string result;
  std::copy_if(text.begin(), text.end(), std::back_inserter(result),
               [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return result;
}

// One digit less than the field has: it ends with NUL.
bool fits(std::uint64_t number, Field field) { return number < (1ULL << (3 * (field.size - 1))); }

class Block {
 public:
  void text(Field field, std::string_view value) {
    const auto length = std::min(field.size, value.size());
    std::copy_n(value.begin(), length, bytes_.begin() + static_cast<std::ptrdiff_t>(field.offset));
    // A name that was cut after a slash would make the entry a directory to some readers.
    if (value.size() > field.size && value[field.size - 1] == '/') {
      auto end = field.size - 1;
      while (end > 0 && value[end - 1] == '/') --end;
      bytes_.at(field.offset + end) = 0;
    }
  }

  // What does not fit is zero here and stands in a PAX record.
  void number(Field field, std::uint64_t value) {
    text(field, fmt::format("{:0{}o}", fits(value, field) ? value : 0, field.size - 1));
  }

  void type(char value) { bytes_.at(type_offset) = value; }

  std::string_view finish() {
    using namespace std::literals;
    text(magic_field, "ustar\00000"sv);
    text(checksum_field, "        ");
    unsigned sum = 0;
    for (const char c : bytes_) sum += static_cast<unsigned char>(c);
    text({checksum_field.offset, 7}, fmt::format("{:06o}", sum) + '\0');
    return {bytes_.data(), bytes_.size()};
  }

 private:
  std::array<char, block_size> bytes_{};
};

struct SplitName {
  std::string_view prefix;
  std::string_view rest;
};

std::optional<SplitName> split(std::string_view name) {
  if (name.size() <= name_size || !is_ascii(name)) return std::nullopt;
  auto length = name.size();
  if (length > prefix_size + 1) {
    length = prefix_size + 1;
  } else if (name.back() == '/') {
    --length;
  }
  const auto slash = name.substr(0, length).rfind('/');
  if (slash == std::string_view::npos || slash == 0 || slash > prefix_size) return std::nullopt;
  const auto rest = name.substr(slash + 1);
  if (rest.empty() || rest.size() > name_size) return std::nullopt;
  return SplitName{name.substr(0, slash), rest};
}

std::string pax_record(std::string_view key, std::string_view value) {
  // "<length> <key>=<value>\n", where the length counts its own digits.
  const auto body = key.size() + value.size() + 3;
  auto length = body + std::to_string(body).size();
  length = body + std::to_string(length).size();
  return fmt::format("{} {}={}\n", length, key, value);
}

// Empty when USTAR can hold the entry. A name that USTAR could split is recorded too, once PAX is used at all.
std::string pax_records(const TarEntry& entry) {
  std::map<std::string, std::string> records;
  bool needed = false;
  if (!is_ascii(entry.name) || entry.name.size() > name_size) {
    records["path"] = entry.name;
    needed = !split(entry.name);
  }
  const auto require = [&](const char* key, std::string value) {
    records[key] = std::move(value);
    needed = true;
  };
  if (!is_ascii(entry.target) || entry.target.size() > name_size) require("linkpath", entry.target);
  if (!fits(entry.user, user_field)) require("uid", std::to_string(entry.user));
  if (!fits(entry.group, group_field)) require("gid", std::to_string(entry.group));
  if (!fits(entry.size, size_field)) require("size", std::to_string(entry.size));
  std::string result;
  if (!needed) return result;
  for (const auto& [key, value] : records) result += pax_record(key, value);
  return result;
}

void common_fields(Block& block, const TarEntry& entry) {
  block.type(static_cast<char>(entry.type));
  block.number(mode_field, entry.mode);
  block.number(user_field, entry.user);
  block.number(group_field, entry.group);
  block.number(size_field, entry.size);
  block.number(modified_field, static_cast<std::uint64_t>(entry.modified));
  block.number(device_major_field, entry.device_major);
  block.number(device_minor_field, entry.device_minor);
}

}  // namespace

void TarWriter::begin(const TarEntry& entry) {
  end_entry();
  const auto records = pax_records(entry);
  Block block;
  common_fields(block, entry);
  if (!records.empty()) {
    write_pax_header(entry.name, records);
    block.text(name_field, only_ascii(entry.name));
    block.text(target_field, only_ascii(entry.target));
  } else if (const auto parts = split(entry.name)) {
    block.text(prefix_field, parts->prefix);
    block.text(name_field, parts->rest);
    block.text(target_field, entry.target);
  } else {
    block.text(name_field, entry.name);
    block.text(target_field, entry.target);
  }
  sink_(block.finish());
  current_ = entry.name;
  remaining_ = entry.type == EntryType::file ? entry.size : 0;
  padding_ = (block_size - remaining_ % block_size) % block_size;
}

void TarWriter::write_pax_header(const std::string& name, const std::string& records) {
  const auto slash = name.rfind('/');
  const auto directory = slash == std::string::npos ? "" : name.substr(0, slash + 1);
  std::string header_name =
      only_ascii(directory + "PaxHeaders.0/" + (slash == std::string::npos ? name : name.substr(slash + 1)));
  header_name.resize(std::min(header_name.size(), name_size));
  while (!header_name.empty() && header_name.back() == '/') header_name.pop_back();
  Block block;
  block.type('x');
  block.text(name_field, header_name);
  for (const auto field : {mode_field, user_field, group_field, modified_field}) block.number(field, 0);
  block.number(size_field, records.size());
  sink_(block.finish());
  sink_(records);
  pad((block_size - records.size() % block_size) % block_size);
}

void TarWriter::data(std::string_view bytes) {
  if (bytes.size() > remaining_) {
    throw base::Error(base::ErrorKind::internal, {"archive", current_, "it has more bytes than its header says", ""});
  }
  remaining_ -= bytes.size();
  sink_(bytes);
}

void TarWriter::end_entry() {
  if (remaining_ != 0) {
    throw base::Error(base::ErrorKind::internal, {"archive", current_, "it has fewer bytes than its header says", ""});
  }
  pad(padding_);
  padding_ = 0;
}

void TarWriter::pad(std::uint64_t size) {
  static constexpr std::array<char, block_size> zeros{};
  if (size > 0) sink_({zeros.data(), static_cast<std::size_t>(size)});
}

void TarWriter::finish() {
  end_entry();
  pad(block_size);
  pad(block_size);
}

}  // namespace archive
