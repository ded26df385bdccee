#include "json/choices.hpp"

#include <algorithm>

#include "json/errors.hpp"

namespace json {

std::size_t read_name(const Value& value, const std::string& path, const std::vector<std::string>& names) {
  std::string expected;
  for (const auto& name : names) expected += (expected.empty() ? "one of " : ", ") + name;
  if (!value.is_string()) wrong_type(path, expected, value);
  const auto& text = value.get_ref<const std::string&>();
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const auto near = nearest(text, names);
  wrong_value(path, "\"" + text + "\" is not " + expected, near ? "did you mean \"" + *near + "\"?" : "");
}

}  // namespace json
