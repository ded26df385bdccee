#include "buildpacks/label.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <ctime>
#include <limits>

#include "buildpacks/go_number.hpp"
#include "buildpacks/toml.hpp"

// The expected texts are Go's.
TEST_CASE("floating-point numbers are written as Go writes them") {
  struct Row {
    double value;
    std::string toml;
    std::string json;
  };
  for (const auto& row :
       {Row{0, "0.0", "0"}, Row{1, "1.0", "1"}, Row{100000, "100000.0", "100000"}, Row{1000000, "1e+06", "1000000"},
        Row{1234567, "1.234567e+06", "1234567"}, Row{1e20, "1e+20", "100000000000000000000"},
        Row{1e21, "1e+21", "1e+21"}, Row{0.0001, "0.0001", "0.0001"}, Row{0.00001, "1e-05", "0.00001"},
        Row{1e-6, "1e-06", "0.000001"}, Row{1e-7, "1e-07", "1e-7"}, Row{-2.5, "-2.5", "-2.5"},
        Row{1e100, "1e+100", "1e+100"}}) {
    CHECK(buildpacks::go_toml_float(row.value) == row.toml);
    CHECK(buildpacks::go_json_float(row.value) == row.json);
  }
}

TEST_CASE("text in labels is escaped as Go escapes it") {
  CHECK(buildpacks::go_json_string(std::string("a\b\f\0\x7f\xff<>&\xe2\x80\xa8\xc3\xa9", 14)) ==
        "\"a\\b\\f\\u0000\x7f\\ufffd\\u003c\\u003e\\u0026\\u2028\xc3\xa9\"");
}

TEST_CASE("null and an empty list are kept apart, and members keep their order") {
  const nlohmann::ordered_json value = {{"z", nullptr}, {"a", nlohmann::ordered_json::array()}};
  CHECK(buildpacks::label_text(value) == R"({"z":null,"a":[]})");
}

TEST_CASE("a table of many keys costs as much as it has keys") {
  const auto table_of = [](std::size_t count) {
    buildpacks::Toml::Table table;
    for (std::size_t i = 0; i < count; ++i) table.emplace_back("key-" + std::to_string(i), "value");
    return buildpacks::Toml(std::move(table));
  };
  const auto cost = [](const buildpacks::Toml& table) {
    auto best = std::numeric_limits<std::clock_t>::max();
    for (int i = 0; i < 3; ++i) {
      const auto before = std::clock();
      CHECK(buildpacks::to_json(table).size() == table.table()->size());
      best = std::min(best, std::clock() - before);
    }
    return static_cast<double>(std::max<std::clock_t>(best, 1));
  };
  // Sixteen times the keys; looking through all of them for each would cost 256 times as much.
  CHECK(cost(table_of(80'000)) / cost(table_of(5'000)) < 100);
}
