#include "kubernetes/yaml.hpp"

#include <fmt/format.h>
#include <map>
#include <optional>
#include <sstream>
#include <vector>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "base/error.hpp"
#include "json/fields.hpp"

namespace kubernetes {
namespace {

constexpr std::size_t largest_document = 1UL << 20U;
constexpr std::size_t deepest_nesting = 32;
// An anchor that stands for others that stand for others grows without end ("a billion laughs").
constexpr std::size_t most_nodes = 50'000;

class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(const std::string& path) : path_(path) {}

  [[nodiscard]] json::Value take() { return std::move(result_); }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(mark, anchor, nullptr); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool plain = tag == "?";
    if (plain && is_key_expected()) return add(mark, anchor, value);
    if (plain && (value == "true" || value == "True" || value == "TRUE")) return add(mark, anchor, true);
    if (plain && (value == "false" || value == "False" || value == "FALSE")) return add(mark, anchor, false);
    add(mark, anchor, value);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) fail(mark, "an alias stands inside of what it names");
    count(mark, found->second.nodes);
    add(mark, YAML::NullAnchor, found->second.value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    begin(mark, anchor, json::Value::array());
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    begin(mark, anchor, json::Value::object());
  }
  void OnMapEnd() override { end(); }

 private:
  // A collection that is being read.
  struct Open {
    json::Value value;
    std::optional<std::string> key;
    YAML::Mark mark;
    YAML::anchor_t anchor;
    std::size_t nodes_before;
  };
  struct Anchored {
    json::Value value;
    std::size_t nodes = 0;
  };

  [[noreturn]] void fail(const YAML::Mark& mark, std::string_view cause) const {
    json::wrong_value(path_, fmt::format("line {}, column {}: {}", mark.line + 1, mark.column + 1, cause));
  }

  [[nodiscard]] bool is_key_expected() const {
    return !open_.empty() && open_.back().value.is_object() && !open_.back().key;
  }

  void count(const YAML::Mark& mark, std::size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > most_nodes) fail(mark, fmt::format("it has more than {} values", most_nodes));
  }

  void begin(const YAML::Mark& mark, YAML::anchor_t anchor, json::Value empty) {
    if (is_key_expected()) fail(mark, "a key is not text");
    if (open_.size() == deepest_nesting) fail(mark, fmt::format("it is nested deeper than {}", deepest_nesting));
    open_.push_back({std::move(empty), std::nullopt, mark, anchor, nodes_});
    count(mark, 1);
  }

  void end() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    if (closed.anchor != YAML::NullAnchor) anchors_[closed.anchor] = {closed.value, nodes_ - closed.nodes_before};
    place(closed.mark, std::move(closed.value));
  }

  void add(const YAML::Mark& mark, YAML::anchor_t anchor, json::Value value) {
    count(mark, 1);
    if (anchor != YAML::NullAnchor) anchors_[anchor] = {value, 1};
    place(mark, std::move(value));
  }

  void place(const YAML::Mark& mark, json::Value value) {
    if (open_.empty()) {
      result_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    if (parent.value.is_array()) {
      parent.value.push_back(std::move(value));
    } else if (!parent.key) {
      if (!value.is_string()) fail(mark, "a key is not text");
      parent.key = value.get<std::string>();
      if (*parent.key == "<<") fail(mark, "merge keys (<<) are not read");
      if (parent.value.contains(*parent.key)) {
        fail(mark, fmt::format("the key \"{}\" stands twice", base::printable(*parent.key, 128)));
      }
    } else {
      parent.value[*parent.key] = std::move(value);
      parent.key.reset();
    }
  }

  const std::string& path_;
  json::Value result_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::size_t nodes_ = 0;
};

}  // namespace

json::Value parse_yaml(std::string_view text, const std::string& path) {
  if (text.size() > largest_document) json::wrong_value(path, "it is larger than 1 MiB");
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder(path);
    if (!parser.HandleNextDocument(builder)) json::wrong_value(path, "it is empty");
    auto result = builder.take();
    Builder second(path);
    if (parser.HandleNextDocument(second)) json::wrong_value(path, "it holds several documents", "give one");
    return result;
  } catch (const YAML::Exception& error) {
    // The parser's words may quote the text, which holds credentials: the place alone is told.
    const bool known = error.mark.line >= 0;
    json::wrong_value(
        path, known ? fmt::format("it is not YAML at line {}, column {}", error.mark.line + 1, error.mark.column + 1)
                    : "it is not YAML");
  }
}

}  // namespace kubernetes
