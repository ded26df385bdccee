#include "json/fields.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

namespace sample {

struct Inner {
  std::string host;
};
void describe(json::Fields<Inner>& fields) { fields.required("host", &Inner::host, "the `host`"); }

struct Outer {
  std::string branch = "main";
  std::optional<std::int64_t> depth;
  bool debug = false;
  std::vector<Inner> registries;
  base::Secret password;
};
void describe(json::Fields<Outer>& fields) {
  fields.optional("branch", &Outer::branch, "the branch");
  fields.optional("depth", &Outer::depth, "how many commits");
  fields.optional("debug", &Outer::debug, "log more");
  fields.optional("registries", &Outer::registries, "other hosts");
  fields.optional("password", &Outer::password, "the password", json::Effect::other);
  fields.refused("git_crypt_key", "decrypt in a task");
}

std::string error_of(const json::Value& value) {
  try {
    static_cast<void>(json::read<Outer>(value, "source"));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace sample

using json::Value;
using sample::error_of;

TEST_CASE("fields that are absent or null keep their defaults") {
  const auto outer =
      json::read<sample::Outer>(Value::parse(R"({"depth": null, "registries": [{"host": "r"}]})"), "source");
  CHECK(outer.branch == "main");
  CHECK_FALSE(outer.depth);
  CHECK(outer.registries.at(0).host == "r");
}

TEST_CASE("errors name the path, what was expected and the nearest name") {
  CHECK(error_of({{"brnach", "x"}}) ==
        "cannot read source.brnach: there is no such field; did you mean source.branch?");
  CHECK(error_of({{"dpeth", 1}}) == "cannot read source.dpeth: there is no such field; did you mean source.depth?");
  CHECK(error_of({{"zzz", "x"}}) ==
        "cannot read source.zzz: there is no such field; valid are branch, depth, debug, registries, password");
  CHECK(error_of({{"depth", "3x"}}) == "cannot read source.depth: expected a whole number, got text");
  CHECK(error_of({{"debug", "yes"}}) == "cannot read source.debug: expected true or false, got text");
  CHECK(error_of({{"registries", {{{"host", true}}}}}) ==
        "cannot read source.registries[0].host: expected text, got true");
  CHECK(error_of({{"registries", {Value::object()}}}) ==
        "cannot read source.registries[0].host: it is missing; give the host");
  CHECK(error_of({{"git_crypt_key", "k"}}) ==
        "cannot read source.git_crypt_key: this field is not supported; decrypt in a task");
}

TEST_CASE("whole numbers are taken as text, fractions are refused because YAML has changed them") {
  CHECK(json::read<sample::Outer>({{"branch", 17}}, "source").branch == "17");
  CHECK(error_of({{"branch", 1.1}}) ==
        "cannot read source.branch: expected text, got the number 1.1; put it into "
        "quotes: YAML has already changed how it was written");
}

TEST_CASE("variables of a pipeline are text: what it says counts") {
  const auto read = json::read<sample::Outer>({{"depth", "3"}, {"debug", "true"}, {"git_crypt_key", ""}}, "source");
  CHECK(read.depth == 3);
  CHECK(read.debug);
  CHECK_FALSE(json::read<sample::Outer>({{"debug", "false"}, {"git_crypt_key", nullptr}}, "source").debug);
  CHECK(error_of({{"depth", "-"}}) == "cannot read source.depth: expected a whole number, got text");
}

TEST_CASE("a secret of a wrong type stays out of the message") {
  CHECK(error_of({{"password", 0.4242}}).find("4242") == std::string::npos);
}

TEST_CASE("the schema says what the reader accepts") {
  const Value schema = json::schema<sample::Outer>();
  CHECK(schema["additionalProperties"] == false);
  CHECK(schema["properties"]["registries"]["items"]["required"] == Value::array({"host"}));
  CHECK_FALSE(schema["properties"].contains("git_crypt_key"));
  CHECK(schema["x-order"] == Value::array({"branch", "depth", "debug", "registries", "password"}));
  CHECK(schema["x-refused"] == Value({{"git_crypt_key", "decrypt in a task"}}));
}

TEST_CASE("a field decides about versions unless it is said not to") {
  const Value source{{"branch", "b"}, {"password", "p"}, {"git_crypt_key", ""}, {"depth", nullptr}, {"debug", false}};
  CHECK(json::fields_of<sample::Outer>().deciding_on_versions(source) == Value{{"branch", "b"}, {"debug", false}});
}

TEST_CASE("the nearest name is found through one swap, one letter more, less or other") {
  const std::vector<std::string> names{"tag", "branch", "username"};
  CHECK(json::nearest("tga", names) == "tag");
  CHECK(json::nearest("usernmae", names) == "username");
  CHECK(json::nearest("brnach", names) == "branch");
  CHECK(json::nearest("ta", names) == "tag");
  CHECK(json::nearest("tags", names) == "tag");
  CHECK_FALSE(json::nearest("gat", names));
  CHECK_FALSE(json::nearest("", names));
}
