#include "kpack/reasons.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "kpack/resources.hpp"
#include "kubernetes/answer.hpp"

namespace kpack {
namespace {

using builds::Change;
using builds::Reason;
using json::Value;

// A configuration that was changed all over is not a text to read.
constexpr std::size_t most_differences = 20;

std::string shown(const Value* value) {
  if (value == nullptr || value->is_null()) return "";
  return value->is_string() ? value->get<std::string>() : json::dump(*value);
}

// "acme/java@1.2.3, acme/maven@4.5.6"
std::string buildpacks_text(const Value& list) {
  if (!list.is_array()) return shown(&list);
  std::string text;
  for (const auto& entry : list) {
    text +=
        fmt::format("{}{}@{}", text.empty() ? "" : ", ", json::text_or(entry, "id"), json::text_or(entry, "version"));
  }
  return text;
}

// Lists whose entries have names are compared by them (env, services); others by their places.
const Value* entry_named(const Value& list, const std::string& name) {
  for (const auto& entry : list) {
    if (json::text_or(entry, "name") == name) return &entry;
  }
  return nullptr;
}

class Comparison {
 public:
  explicit Comparison(std::vector<Change>& changes) : changes_(changes) {}

  void compare(const Value* before, const Value* now, const std::string& path) {
    const bool same = before != nullptr && now != nullptr && *before == *now;
    if (same || (is_nothing(before) && is_nothing(now)) || count_ >= most_differences) return;
    if (path == "env") return compare_variables(before, now);
    const bool objects = (before == nullptr || before->is_object()) && (now == nullptr || now->is_object());
    if (!objects) return add(labelled(path, shown(before)), labelled(path, shown(now)));
    std::set<std::string> names;
    for (const auto* side : {before, now}) {
      if (side == nullptr) continue;
      for (const auto& [name, value] : side->items()) names.insert(name);
    }
    for (const auto& name : names) {
      compare(side_of(before, name), side_of(now, name), path.empty() ? name : path + "." + name);
    }
  }

 private:
  static bool is_nothing(const Value* value) { return value == nullptr || value->is_null() || value->empty(); }
  static const Value* side_of(const Value* object, const std::string& name) {
    return object == nullptr ? nullptr : json::find(*object, name);
  }
  static std::string labelled(const std::string& path, const std::string& value) {
    return value.empty() ? "" : fmt::format("{}: {}", path, value);
  }

  void compare_variables(const Value* before, const Value* now) {
    std::set<std::string> names;
    for (const auto* side : {before, now}) {
      if (is_nothing(side) || !side->is_array()) continue;
      for (const auto& entry : *side) names.insert(json::text_or(entry, "name"));
    }
    const auto has = [](const Value* side, const std::string& name) {
      return is_nothing(side) ? nullptr : entry_named(*side, name);
    };
    for (const auto& name : names) {
      const auto* old_entry = has(before, name);
      const auto* new_entry = has(now, name);
      const auto text = "env: " + name;
      if (old_entry == nullptr) {
        add("", text);
      } else if (new_entry == nullptr) {
        add(text, "");
      } else if (*old_entry != *new_entry) {
        add(text, text + " (another value)");
      }
    }
  }

  void add(std::string before, std::string now) {
    if (++count_ == most_differences) {
      changes_.push_back({Reason::config, "", "and more"});
    } else if (count_ < most_differences) {
      changes_.push_back({Reason::config, std::move(before), std::move(now)});
    }
  }

  std::vector<Change>& changes_;
  std::size_t count_ = 0;
};

void add_change(const Value& entry, std::vector<Change>& changes) {
  const auto reason = builds::reason_named(json::text_or(entry, "reason"));
  if (!reason) return;
  const auto* before = json::find(entry, "old");
  const auto* now = json::find(entry, "new");
  const auto count = changes.size();
  if (*reason == Reason::config) Comparison(changes).compare(before, now, "");
  if (changes.size() > count) return;
  if (*reason == Reason::buildpack) {
    changes.push_back(
        {*reason, before == nullptr ? "" : buildpacks_text(*before), now == nullptr ? "" : buildpacks_text(*now)});
  } else if (*reason == Reason::config) {
    changes.push_back({*reason, "", ""});
  } else {
    changes.push_back({*reason, shown(before), shown(now)});
  }
}

std::optional<Value> changes_document(const Build& build) {
  const auto* metadata = json::find(build.value, "metadata");
  const auto* annotations = metadata == nullptr ? nullptr : json::find(*metadata, "annotations");
  if (annotations == nullptr) return std::nullopt;
  try {
    auto document = kubernetes::parse_answer(json::text_or(*annotations, annotation::build_changes), "buildChanges");
    return document.is_array() ? std::optional(std::move(document)) : std::nullopt;
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::vector<Change> changes_of(const Build& build) {
  std::vector<Change> changes;
  if (const auto document = changes_document(build)) {
    for (const auto& entry : *document) add_change(entry, changes);
  }
  if (changes.empty()) {
    for (const auto reason : builds::parse_reasons(build.reasons)) changes.push_back({reason, "", ""});
  }
  // kpack's own order is that of the enumeration, but an annotation is anybody's text.
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.reason < b.reason; });
  return changes;
}

}  // namespace kpack
