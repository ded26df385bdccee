#include "json/value.hpp"

#include <fmt/format.h>
#include <set>
#include <vector>

#include "base/error.hpp"

namespace json {
namespace {

using base::Error;
using base::ErrorKind;

// Counts depth and repeated keys while the parser runs: both must be known before a deep tree is built.
class Guard {
 public:
  explicit Guard(std::string_view what) : what_(what) {}

  bool operator()(int /*depth*/, Value::parse_event_t event, Value& parsed) {
    switch (event) {
      case Value::parse_event_t::object_start:
      case Value::parse_event_t::array_start:
        keys_.emplace_back();
        if (keys_.size() > deepest_nesting) fail(fmt::format("it is nested deeper than {}", deepest_nesting));
        break;
      case Value::parse_event_t::object_end:
      case Value::parse_event_t::array_end:
        keys_.pop_back();
        break;
      case Value::parse_event_t::key: {
        const auto& key = parsed.get_ref<const std::string&>();
        if (!keys_.back().insert(key).second) fail(fmt::format("the key \"{}\" stands twice in one object", key));
        break;
      }
      case Value::parse_event_t::value:
        break;
    }
    return true;
  }

 private:
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
    return Value::parse(text, Guard(what));
  } catch (const Value::parse_error& error) {
    const bool empty = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
    throw Error(ErrorKind::protocol,
                {"read", std::string(what),
                 empty ? "it is empty" : fmt::format("it is not JSON at {}", position(text, error.byte)), ""});
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
