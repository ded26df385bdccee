#include "json/errors.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"

namespace json {
namespace {

using base::Error;
using base::ErrorKind;

std::string kind_of(const Value& value) {
  switch (value.type()) {
    case Value::value_t::null:
      return "nothing (null)";
    case Value::value_t::object:
      return "an object";
    case Value::value_t::array:
      return "a list";
    case Value::value_t::string:
      return "text";
    case Value::value_t::boolean:
      return value.get<bool>() ? "true" : "false";
    case Value::value_t::number_integer:
    case Value::value_t::number_unsigned:
      return "the number " + value.dump();
    case Value::value_t::number_float:
      return "the number " + value.dump();
    case Value::value_t::binary:
    case Value::value_t::discarded:
      break;
  }
  return "something else";
}

// Damerau-Levenshtein distance (optimal string alignment): two neighbours swapped, the commonest slip, count as one.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last;
  std::vector<std::size_t> last(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::vector<std::size_t> row(b.size() + 1, i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, substitution});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = std::move(last);
    last = std::move(row);
  }
  return last[b.size()];
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

void wrong_type(const std::string& path, std::string_view expected, const Value& got) {
  throw Error(ErrorKind::usage, {"read", path, fmt::format("expected {}, got {}", expected, kind_of(got)), ""});
}

void wrong_value(const std::string& path, std::string cause, std::string remedy) {
  throw Error(ErrorKind::usage, {"read", path, std::move(cause), std::move(remedy)});
}

void unknown_field(const std::string& path, std::string_view name, const std::vector<std::string>& valid) {
  const auto near = nearest(base::printable(name, 128), valid);
  throw Error(ErrorKind::usage,
              {"read", fmt::format("{}.{}", path, base::printable(name, 128)), "there is no such field",
               near ? fmt::format("did you mean {}.{}?", path, *near) : "valid are " + joined(valid)});
}

void missing_field(const std::string& path, std::string_view name, std::string_view help) {
  throw Error(ErrorKind::usage,
              {"read", fmt::format("{}.{}", path, name), "it is missing", fmt::format("give {}", help)});
}

std::optional<std::string> nearest(std::string_view name, const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  // A third of the name may be wrong: "brach" is branch, "foo" is nothing.
  std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    const std::size_t found = distance(name, candidate);
    if (found < best_distance) {
      best_distance = found;
      best = candidate;
    }
  }
  return best;
}

}  // namespace json
