#include "kubernetes/answer.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "base/letters.hpp"

namespace kubernetes {
namespace {

using base::Error;
using base::ErrorKind;
using json::Value;

// Builds the tree while it reads. The parser's own builder knows no bounds on depth and nothing to leave out, and would
// have to be preceded by another pass.
class TreeBuilder final : public nlohmann::json_sax<Value> {
 public:
  TreeBuilder(std::string_view what, std::span<const std::string_view> without) : what_(what), without_(without) {}

  [[nodiscard]] Value take() { return std::move(result_); }
  [[nodiscard]] std::optional<std::size_t> error_position() const { return error_position_; }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*elements*/) override { return begin(Value::object()); }
  bool start_array(std::size_t /*elements*/) override { return begin(Value::array()); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }

  bool key(string_t& name) override {
    if (dropped_depth_ > 0) return true;
    dropping_ = std::find(without_.begin(), without_.end(), name) != without_.end();
    if (dropping_) return true;
    if (open_.back()->contains(name)) {
      fail(fmt::format("the key \"{}\" stands twice in one object", base::printable(name, 128)));
    }
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    error_position_ = position;
    return false;
  }

 private:
  template <class T>
  bool add(T&& value) {
    if (dropped_depth_ > 0) return true;
    if (dropping_) {
      dropping_ = false;
      return true;
    }
    place(std::forward<T>(value));
    return true;
  }

  template <class T>
  Value& place(T&& value) {
    if (open_.empty()) return result_ = Value(std::forward<T>(value));
    Value& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::forward<T>(value));
      return parent.back();
    }
    return parent[key_] = std::forward<T>(value);
  }

  bool begin(Value empty) {
    if (open_.size() + dropped_depth_ >= json::deepest_nesting) {
      fail(fmt::format("it is nested deeper than {}", json::deepest_nesting));
    }
    if (dropped_depth_ > 0 || dropping_) {
      dropping_ = false;
      ++dropped_depth_;
      return true;
    }
    // A parent does not move while its children are open: only the last element of an array is.
    open_.push_back(&place(std::move(empty)));
    return true;
  }

  bool end() {
    if (dropped_depth_ > 0) {
      --dropped_depth_;
    } else {
      open_.pop_back();
    }
    return true;
  }

  [[noreturn]] void fail(std::string cause) const {
    throw Error(ErrorKind::protocol, {"read", std::string(what_), std::move(cause), ""});
  }

  std::string_view what_;
  std::span<const std::string_view> without_;
  Value result_;
  std::vector<Value*> open_;
  std::string key_;
  bool dropping_ = false;  // the value that comes next
  std::size_t dropped_depth_ = 0;
  std::optional<std::size_t> error_position_;
};

}  // namespace

Value parse_answer(std::string_view text, std::string_view what, std::span<const std::string_view> without) {
  TreeBuilder builder(what, without);
  if (!Value::sax_parse(text, &builder)) {
    const bool empty = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
    throw Error(
        ErrorKind::protocol,
        {"read", std::string(what),
         empty ? "it is empty" : fmt::format("it is not JSON at byte {}", builder.error_position().value_or(0)), ""});
  }
  return builder.take();
}

bool is_html(const http::Response& response) {
  const auto type = base::lowered(response.headers.get("Content-Type").value_or(""));
  if (type.starts_with("text/html") || type.starts_with("application/xhtml")) return true;
  const auto begin = response.body.find_first_not_of(" \t\r\n");
  return begin != std::string::npos && response.body[begin] == '<';
}

Value read_answer(const http::Response& response, const std::string& what, const std::string& remedy,
                  std::span<const std::string_view> without) {
  if (is_html(response)) {
    throw Error(ErrorKind::protocol,
                {"read", what, "the server answers HTML, not JSON: it is not a Kubernetes API", remedy});
  }
  auto value = parse_answer(response.body, what, without);
  if (!value.is_object()) {
    throw Error(ErrorKind::protocol, {"read", what, "the server answers JSON that is not an object", remedy});
  }
  return value;
}

}  // namespace kubernetes
