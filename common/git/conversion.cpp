#include "git/conversion.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/error.hpp"
#include "base/letters.hpp"
#include "git/encoding.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;
using State = AttributeValue::State;

AttributeValue value_of(const Attributes::Values& values, std::string_view name) {
  const auto found = values.find(name);
  return found == values.end() ? AttributeValue{} : found->second;
}

// What "text" or, in old repositories, "crlf" says.
enum class Text { undefined, no, yes, input, automatic };

Text text_of(const AttributeValue& value) {
  if (value.is_set()) return Text::yes;
  if (value.is_unset()) return Text::no;
  if (value.is("input")) return Text::input;
  return value.is("auto") ? Text::automatic : Text::undefined;
}

// A boolean of a configuration (git-config(1), "boolean").
bool is_true(std::string_view value) {
  const std::string text = base::lowered(value);
  if (text == "true" || text == "yes" || text == "on") return true;
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos &&
         text.find_first_not_of('0') != std::string::npos;
}

struct Statistics {
  std::size_t nul = 0;
  std::size_t lone_cr = 0;
  std::size_t lone_lf = 0;
  std::size_t crlf = 0;
  std::size_t printable = 0;
  std::size_t unprintable = 0;

  explicit Statistics(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      if (c == '\r') {
        const bool pair = i + 1 < text.size() && text[i + 1] == '\n';
        pair ? ++crlf : ++lone_cr;
        if (pair) ++i;
      } else if (c == '\n') {
        ++lone_lf;
      } else if (c == 0) {
        ++nul;
        ++unprintable;
      } else if (c == 127 || (c < 32 && c != '\b' && c != '\t' && c != '\033' && c != '\014')) {
        ++unprintable;
      } else {
        ++printable;
      }
    }
    // The last byte of files of old systems.
    if (text.ends_with('\032')) --unprintable;
  }

  [[nodiscard]] bool is_binary() const { return lone_cr > 0 || nul > 0 || printable / 128 < unprintable; }
};

std::string with_crlf(std::string_view text) {
  std::string result;
  result.reserve(text.size() + text.size() / 16);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) result += '\r';
    result += text[i];
  }
  return result;
}

// The end of a keyword that begins at "Id" ("Id$", "Id: ... $"), behind its last '$'; nothing for one that is not, that
// goes over a line's end, or that another version control has expanded (it has blanks within).
std::optional<std::size_t> end_of_keyword(std::string_view text) {
  if (text.size() < 3 || !text.starts_with("Id")) return std::nullopt;
  if (text[2] == '$') return 3;
  if (text[2] != ':') return std::nullopt;
  const auto dollar = text.find('$', 3);
  if (dollar == std::string_view::npos) return std::nullopt;
  if (text.substr(3, dollar - 3).find('\n') != std::string_view::npos) return std::nullopt;
  const auto blank = text.find(' ', 4);
  if (blank < dollar && blank + 1 < dollar) return std::nullopt;
  return dollar + 1;
}

std::optional<std::string> with_id(std::string_view text, const ObjectId& id) {
  std::string result;
  bool changed = false;
  while (true) {
    const auto dollar = text.find('$');
    if (dollar == std::string_view::npos) break;
    result += text.substr(0, dollar + 1);
    text.remove_prefix(dollar + 1);
    const auto end = end_of_keyword(text);
    if (!end) continue;
    text.remove_prefix(*end);
    result += fmt::format("Id: {} $", id.text());
    changed = true;
  }
  if (!changed) return std::nullopt;
  result += text;
  return result;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

namespace {

constexpr std::string_view keyword = "$Id";

// "$Id: Revision 5 by ann $" is another version control's: there are blanks within.
bool is_foreign(std::string_view text) {
  constexpr std::string_view head = "$Id: ";
  text = text.substr(0, text.find('\0'));
  if (!text.starts_with(head)) return false;
  text.remove_prefix(head.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool blank = text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r';
    if (blank && text.substr(i + 1, 1) != "$") return true;
  }
  return false;
}

}  // namespace

std::string StreamConversion::convert(std::string_view bytes) {
  std::string output;
  output.reserve(bytes.size() + bytes.size() / 16);
  if (!id_) {
    put(bytes, output);
    return output;
  }
  for (const char c : bytes) take(c, output);
  return output;
}

std::string StreamConversion::finish() {
  std::string output;
  if (!is_skipping_) kept_ += keyword.substr(0, met_);
  drain(output);
  if (std::exchange(after_cr_, false)) output += '\r';
  return output;
}

// git's own steps (ident_filter_fn).
void StreamConversion::take(char c, std::string& output) {
  if (is_skipping_) {
    kept_ += c;
    if (c != '\n' && c != '$') return;
    if (c == '$' && !is_foreign(kept_)) kept_ = fmt::format("{}: {} $", keyword, id_->text());
    return drain(output);
  }
  if (met_ < keyword.size() && keyword[met_] == c) {
    ++met_;
    return;
  }
  const bool is_whole = met_ == keyword.size();
  kept_ += keyword.substr(0, std::exchange(met_, 0));
  if (is_whole && c == '$') {
    kept_ += fmt::format(": {} $", id_->text());
    return drain(output);
  }
  kept_ += c;
  if (!is_whole) return drain(output);
  is_skipping_ = c == ':';
}

void StreamConversion::drain(std::string& output) {
  put(kept_, output);
  kept_.clear();
  met_ = 0;
  is_skipping_ = false;
}

void StreamConversion::put(std::string_view bytes, std::string& output) {
  if (!to_crlf_) {
    output += bytes;
    return;
  }
  for (const char c : bytes) {
    // A carriage return is held until it is known what follows.
    if (c == '\n' || after_cr_) output += '\r';
    after_cr_ = c == '\r';
    if (!after_cr_) output += c;
  }
}

LineEndings LineEndings::of(const std::optional<std::string>& autocrlf, const std::optional<std::string>& eol) {
  LineEndings result;
  if (autocrlf && base::lowered(*autocrlf) == "input") {
    result.automatic = Automatic::input;
  } else if (autocrlf && is_true(*autocrlf)) {
    result.automatic = Automatic::on;
  }
  if (eol && base::lowered(*eol) == "crlf") result.native = Native::crlf;
  return result;
}

Conversion::Conversion(const Attributes::Values& attributes, const LineEndings& endings) {
  ident_ = value_of(attributes, "ident").is_set();
  auto text = text_of(value_of(attributes, "text"));
  if (text == Text::undefined) text = text_of(value_of(attributes, "crlf"));
  const auto eol = value_of(attributes, "eol");
  const bool native_crlf =
      endings.automatic == LineEndings::Automatic::on ||
      (endings.automatic == LineEndings::Automatic::off && endings.native == LineEndings::Native::crlf);
  const bool to_crlf = eol.is("crlf") || (!eol.is("lf") && native_crlf);
  const bool decided = eol.is("crlf") || eol.is("lf");
  if (text == Text::automatic) {
    crlf_ = to_crlf ? Crlf::automatic : Crlf::none;
  } else if (text == Text::no) {
    crlf_ = Crlf::none;
  } else if (decided || text == Text::yes) {
    crlf_ = to_crlf ? Crlf::text : Crlf::none;
  } else if (text == Text::undefined && endings.automatic == LineEndings::Automatic::on) {
    crlf_ = Crlf::automatic;
  }
  const auto encoding = value_of(attributes, "working-tree-encoding");
  if (encoding.is_set() || encoding.is_unset()) {
    throw Error(ErrorKind::usage, {"read", ".gitattributes of the repository",
                                   "true and false are not values for working-tree-encoding", ""});
  }
  if (encoding.state == State::text && classify_encoding(encoding.text) != Encoding::utf8) encoding_ = encoding.text;
}

Conversion::Result Conversion::apply(std::string_view content, const ObjectId& blob, const FieldNames& fields) const {
  Result result;
  const auto now = [&] { return result.content ? std::string_view(*result.content) : content; };
  if (ident_) result.content = with_id(content, blob);
  if (crlf_ != Crlf::none) {
    const Statistics statistics(now());
    const bool kept =
        crlf_ == Crlf::automatic && (statistics.lone_cr > 0 || statistics.crlf > 0 || statistics.is_binary());
    if (statistics.lone_lf > 0 && !kept) result.content = with_crlf(now());
  }
  if (encoding_.empty() || now().empty()) return result;
  const auto known = classify_encoding(encoding_);
  if (known == Encoding::unknown || (known == Encoding::like_ascii && !is_ascii(now()))) {
    throw Error(
        ErrorKind::usage,
        {"write", "a file with the attribute working-tree-encoding",
         fmt::format("the encoding {} is not known here", encoding_),
         fmt::format("use UTF-16, UTF-32, ISO-8859-1 to 16, windows-1250 to 1258 or KOI8, or leave the file out "
                     "by {}",
                     fields.sparse_paths)});
  }
  if (known == Encoding::like_ascii) return result;
  if (auto converted = encoded(now(), encoding_)) {
    result.content = std::move(converted);
  } else {
    result.not_encoded = encoding_;
  }
  return result;
}

}  // namespace git
