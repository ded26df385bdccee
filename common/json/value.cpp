#include "json/value.hpp"

#include <fmt/format.h>
#include <set>
#include <vector>

#include "base/error.hpp"

namespace json {
namespace {

using base::Error;
using base::ErrorKind;

// Reads a text for its depth and its repeated keys alone: both must be known before a tree is built. A reading of its
// own, and no callback of the parser that builds: with one, nlohmann's looks at all of an array after each of its
// objects, which takes hours for a few megabytes of them.
class Guard final : public nlohmann::json_sax<Value> {
 public:
  explicit Guard(std::string_view what) : what_(what) {}

  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool start_object(std::size_t /*elements*/) override { return begin(); }
  bool start_array(std::size_t /*elements*/) override { return begin(); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }
  bool key(string_t& name) override {
    if (!keys_.back().insert(name).second) fail(fmt::format("the key \"{}\" stands twice in one object", name));
    return true;
  }
  // What is not JSON is reported by the parser that builds.
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return false;
  }

 private:
  bool begin() {
    keys_.emplace_back();
    if (keys_.size() > deepest_nesting) fail(fmt::format("it is nested deeper than {}", deepest_nesting));
    return true;
  }

  bool end() {
    keys_.pop_back();
    return true;
  }

  void fail(std::string cause) const {
    throw Error(ErrorKind::protocol, {"read", std::string(what_), std::move(cause), ""});
  }

  std::string_view what_;
  std::vector<std::set<std::string>> keys_;
};

std::string position(std::string_view text, std::size_t byte) {
  std::size_t line = 1;
  std::size_t column = 1;
  for (std::size_t i = 0; i + 1 < byte && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return fmt::format("line {}, column {}", line, column);
}

}  // namespace

Value parse(std::string_view text, std::string_view what) {
  try {
    Guard guard(what);
    Value::sax_parse(text, &guard);
    return Value::parse(text);
  } catch (const Value::parse_error& error) {
    const bool empty = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
    throw Error(ErrorKind::protocol,
                {"read", std::string(what),
                 empty ? "it is empty" : fmt::format("it is not JSON at {}", position(text, error.byte)), ""});
  } catch (const Value::out_of_range&) {
    throw Error(ErrorKind::protocol, {"read", std::string(what), "it has a number beyond all bounds", ""});
  }
}

const Value* find(const Value& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string text_or(const Value& object, std::string_view name, std::string_view fallback) {
  const Value* member = find(object, name);
  return member != nullptr && member->is_string() ? member->get<std::string>() : std::string(fallback);
}

std::string dump(const Value& value) { return value.dump(-1, ' ', false, Value::error_handler_t::replace); }

}  // namespace json
