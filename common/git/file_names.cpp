#include "git/file_names.hpp"

#include "base/letters.hpp"

namespace git {
namespace {

using base::lowered;

// The letters from U+00C0 to U+017F taken apart: a letter of ASCII and the mark above or below it, '.' for those that
// are not made of two.
constexpr unsigned first_composed = 0xC0;
constexpr std::string_view composed_letters =
    "aaaaaa.ceeeeiiii.nooooo..uuuuy..aaaaaa.ceeeeiiii.nooooo..uuuuy.yaaaaaaccccccccdd..eeeeeeeeeegggggggghh..iiiiiiiii."
    "."
    ".jjkk.llllll....nnnnnn...oooooo..rrrrrrsssssssstttt..uuuuuuuuuuuuwwyyyzzzzzz.";
constexpr std::string_view composed_marks =
    "abcdef.gabceabce.dabcde..abceb..abcdef.gabceabce.dabcde..abceb.ehhiijjbbcckkllll..hhiikkjjllcciikkggcc..ddhhiijjk."
    "."
    ".ccgg.bbggll....bbggll...hhiimm..bbggllbbccggllggll..ddhhiiffmmjjccccebbkkll.";
constexpr std::string_view marks =
    "\u0300\u0301\u0302\u0303\u0308\u030A\u0327\u0304\u0306\u0328\u0307\u030C\u030B";  // two bytes each

unsigned byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
}

// U+200B to U+200F, U+202A to U+202E, U+206A to U+206F and U+FEFF.
bool is_passed_over(std::string_view three) {
  const unsigned last = byte_at(three, 2);
  if (three.starts_with("\xE2\x80")) return (last >= 0x8B && last <= 0x8F) || (last >= 0xAA && last <= 0xAE);
  return (three.starts_with("\xE2\x81") && last >= 0xAA && last <= 0xAF) || three == "\xEF\xBB\xBF";
}

std::string without_passed_over(std::string_view name) {
  std::string result;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (is_passed_over(name.substr(i, 3))) {
      i += 2;
    } else {
      result += name[i];
    }
  }
  return result;
}

// Two bytes of UTF-8 from U+0080 to U+07FF.
std::string folded_letter(std::string_view two) {
  const unsigned letter = (byte_at(two, 0) & 0x1FU) << 6U | (byte_at(two, 1) & 0x3FU);
  if (letter >= first_composed && letter - first_composed < composed_letters.size()) {
    const char base = composed_letters[letter - first_composed];
    const auto mark = static_cast<std::size_t>(composed_marks[letter - first_composed] - 'a');
    if (base != '.') return base + std::string(marks.substr(mark * 2, 2));
  }
  // Greek and Cyrillic capitals stand 32 before their small letters.
  const bool is_capital = (letter >= 0x391 && letter <= 0x3A9) || (letter >= 0x410 && letter <= 0x42F);
  if (!is_capital) return std::string(two);
  const unsigned small = letter + 32;
  return {static_cast<char>(0xC0U | small >> 6U), static_cast<char>(0x80U | (small & 0x3FU))};
}

}  // namespace

bool is_git_directory(std::string_view name) {
  const std::string plain = without_passed_over(name);
  const auto end = plain.find_last_not_of(" .");
  const std::string lower = lowered(std::string_view(plain).substr(0, end == std::string::npos ? 0 : end + 1));
  const bool is_short_name = lower.starts_with("git~") && lower.find_first_not_of("0123456789", 4) == std::string::npos;
  return lower == ".git" || lower.starts_with(".git:") || (is_short_name && lower.size() > 4);
}

std::string folded(std::string_view name) {
  const std::string plain = without_passed_over(lowered(name));
  std::string result;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const bool two = (byte_at(plain, i) & 0xE0U) == 0xC0U && (byte_at(plain, i + 1) & 0xC0U) == 0x80U;
    result += two ? folded_letter(std::string_view(plain).substr(i, 2)) : plain.substr(i, 1);
    if (two) ++i;
  }
  return result;
}

bool leads_into_git_directory(std::string_view target) {
  bool in_git = false;
  bool inside = false;  // below .git
  while (!target.empty()) {
    const auto slash = target.find('/');
    const auto component = target.substr(0, slash);
    target = slash == std::string_view::npos ? std::string_view() : target.substr(slash + 1);
    if (component.empty() || component == ".") continue;
    const std::string lower = lowered(component);
    if (in_git && !inside && (lower == "hooks" || lower == "modules")) return true;
    if (in_git && component == "..") return true;  // whatever it means, nothing honest is written so
    inside = in_git;
    in_git = in_git || is_git_directory(component);
  }
  return in_git && !inside;
}

}  // namespace git
