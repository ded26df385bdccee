#include "buildpacks/order.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/file.hpp"

namespace buildpacks {
namespace {

GroupElement read_element(const TomlReader& table) {
  GroupElement element;
  element.id = table.text("id");
  element.version = table.text_or("version");
  element.optional = table.flag("optional");
  return element;
}

Group read_system(const TomlReader& document, std::string_view position, const Group& present) {
  Group result;
  const auto system = document.table("system");
  const auto side = system ? system->table(position) : std::nullopt;
  if (!side) return result;
  for (const auto& table : side->tables("buildpacks")) {
    auto element = read_element(table);
    element.optional = false;
    const auto is_same = [&](const auto& other) { return other.id == element.id; };
    if (std::none_of(present.begin(), present.end(), is_same)) result.push_back(std::move(element));
  }
  return result;
}

}  // namespace

Order read_order_tables(const TomlReader& document) {
  Order order;
  for (const auto& entry : document.tables("order")) {
    Group group;
    for (const auto& element : entry.tables("group")) group.push_back(read_element(element));
    order.push_back(std::move(group));
  }
  return order;
}

Order read_order(const std::filesystem::path& order_toml) {
  const auto document = parse_toml(base::read_file(order_toml), order_toml.string());
  const TomlReader reader(document, order_toml.string());
  if (!reader.tables("order-extensions").empty()) {
    throw base::Error(base::ErrorKind::usage,
                      {"use builder", order_toml.string(), "it has image extensions, which are not supported",
                       "use a builder without [[order-extensions]]"});
  }
  return read_order_tables(reader);
}

Order with_system_buildpacks(Order order, const std::filesystem::path& system_toml) {
  const auto text = base::read_file_if_exists(system_toml);
  if (!text) return order;
  const auto document = parse_toml(*text, system_toml.string());
  const TomlReader reader(document, system_toml.string());
  for (auto& group : order) {
    auto before = read_system(reader, "pre", group);
    auto after = read_system(reader, "post", group);
    group.insert(group.begin(), before.begin(), before.end());
    group.insert(group.end(), after.begin(), after.end());
  }
  return order;
}

}  // namespace buildpacks
