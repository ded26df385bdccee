#include "buildpacks/go_number.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

namespace buildpacks {
namespace {

struct Decimal {
  bool negative;
  std::string digits;  // without a point
  int exponent;        // of the first digit
};

Decimal shortest(double value) {
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::fabs(value), std::chars_format::scientific);
  const std::string text(buffer.data(), end.ptr);
  const auto e = text.find('e');
  Decimal result{std::signbit(value), text.substr(0, 1), std::stoi(text.substr(e + 1))};
  if (e > 2) result.digits += text.substr(2, e - 2);
  return result;
}

std::string scientific(const Decimal& decimal) {
  std::string result = decimal.digits.substr(0, 1);
  if (decimal.digits.size() > 1) result += "." + decimal.digits.substr(1);
  return fmt::format("{}{}e{}{:02}", decimal.negative ? "-" : "", result, decimal.exponent < 0 ? '-' : '+',
                     std::abs(decimal.exponent));
}

std::string fixed(const Decimal& decimal) {
  std::string digits = decimal.digits;
  std::string result = decimal.negative ? "-" : "";
  if (decimal.exponent < 0) {
    return result + "0." + std::string(static_cast<std::size_t>(-decimal.exponent - 1), '0') + digits;
  }
  const auto whole = static_cast<std::size_t>(decimal.exponent) + 1;
  if (digits.size() <= whole) return result + digits + std::string(whole - digits.size(), '0');
  return result + digits.substr(0, whole) + "." + digits.substr(whole);
}

}  // namespace

std::string go_toml_float(double value) {
  if (std::isnan(value)) return std::signbit(value) ? "-nan" : "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  const auto decimal = shortest(value);
  const bool with_exponent = decimal.exponent < -4 || decimal.exponent >= 6;
  std::string text = with_exponent ? scientific(decimal) : fixed(decimal);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string go_json_float(double value) {
  if (!std::isfinite(value)) return "null";
  const auto decimal = shortest(value);
  const double size = std::fabs(value);
  if (size == 0 || (size >= 1e-6 && size < 1e21)) return fixed(decimal);
  std::string text = scientific(decimal);
  const auto n = text.size();
  if (n >= 4 && text[n - 4] == 'e' && text[n - 3] == '-' && text[n - 2] == '0') text.erase(n - 2, 1);
  return text;
}

}  // namespace buildpacks
