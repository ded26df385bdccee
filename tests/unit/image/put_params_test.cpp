#include "image/put_params.hpp"

#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "base/error.hpp"

namespace {

std::string failure(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

std::string read_failure(const json::Value& params) {
  return failure([&] { static_cast<void>(image::read_put_params(params)); });
}

}  // namespace

TEST_CASE("bad params name the field") {
  CHECK(read_failure(json::Value::object()).starts_with("cannot read params"));
  CHECK(read_failure({{"source", "app"}, {"env", {{"A.append", "x"}}}}) ==
        "cannot read params.env.A.append: a variable's name has no =, /, ., blank or newline");
  CHECK(read_failure({{"source", "app"}, {"additional_tags", {"no tag"}}})
            .starts_with("cannot read params.additional_tags[0]: \"no tag\" is no tag"));
  CHECK(read_failure({{"source", "app"}, {"labels", {{"io.buildpacks.x", "y"}}}}) ==
        "cannot read params.labels.io.buildpacks.x: labels io.buildpacks.* are the lifecycle's own");
}
