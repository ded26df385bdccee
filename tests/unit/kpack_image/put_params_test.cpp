#include "kpack_image/put_params.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

using namespace std::chrono_literals;
using json::Value;

namespace {

std::string refusal(const Value& params) {
  try {
    (void)kpack_image::read_put_params(params);
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::usage);
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("the fields of the params become a change of the Image") {
  const auto params =
      kpack_image::read_put_params({{"commitish", "app/.git/ref"},
                                    {"sub_path", "web"},
                                    {"builder", {{"name", "base"}}},
                                    {"env", {{"A", "1"}, {"B", nullptr}, {"C", 17}}},
                                    {"service_account", "builder"},
                                    {"cache", {{"volume", {{"size", "2G"}, {"storage_class", "fast"}}}}},
                                    {"additional_tags", {"registry.example/app:main"}},
                                    {"timeout", "1h30m"}});
  const auto& change = params.change;
  CHECK(change.sub_path == "web");
  CHECK(change.builder == kpack::BuilderReference{"ClusterBuilder", "base", ""});
  CHECK(change.env == std::map<std::string, std::optional<std::string>>{{"A", "1"}, {"B", std::nullopt}, {"C", "17"}});
  CHECK(change.cache == Value({{"volume", {{"size", "2G"}, {"storageClassName", "fast"}}}}));
  CHECK(params.timeout == 90min);
  CHECK_FALSE(change.source);
  CHECK_FALSE(params.first);
}

TEST_CASE("what a new Image begins with is what create says, and what the params say over it") {
  const auto params =
      kpack_image::read_put_params({{"env", {{"A", "2"}, {"B", nullptr}}},
                                    {"builder", {{"kind", "Builder"}, {"name", "own"}}},
                                    {"create",
                                     {{"tag", "registry.example/app"},
                                      {"builder", {{"name", "base"}}},
                                      {"env", {{"A", "1"}, {"B", "1"}, {"C", "1"}}},
                                      {"cache", {{"registry", {{"tag", "registry.example/cache"}}}}}}}});
  REQUIRE(params.first);
  CHECK(params.first->builder == kpack::BuilderReference{"Builder", "own", ""});
  CHECK(params.first->env ==
        std::map<std::string, std::optional<std::string>>{{"A", "2"}, {"B", std::nullopt}, {"C", "1"}});
  CHECK(params.first->cache == Value({{"registry", {{"tag", "registry.example/cache"}}}}));
  CHECK_FALSE(params.change.cache);
}

TEST_CASE("what cannot be is refused by the name of its field") {
  CHECK(refusal({{"commitish", "a"}, {"blob_url", "b"}}) ==
        "cannot read params: commitish and blob_url name two sources; give one of them");
  CHECK(refusal({{"env", {{"A=B", "1"}}}}) ==
        "cannot read params.env.A=B: \"A=B\" cannot be a variable of a pod; give printable ASCII without blanks and =");
  CHECK(refusal({{"env", {{"A=B", nullptr}}}}) == "accepted");
  CHECK(refusal({{"env", {{"A", {1}}}}}).find("params.env.A: expected text") != std::string::npos);
  CHECK(refusal({{"cache", Value::object()}}) ==
        "cannot read params.cache: it says neither volume nor registry; give one of them");
  CHECK(refusal({{"builder", {{"kind", "ClusterBilder"}, {"name", "x"}}}}) ==
        "cannot read params.builder.kind: \"ClusterBilder\" is not one of ClusterBuilder, Builder; did you mean "
        "\"ClusterBuilder\"?");
  CHECK(refusal({{"builder", {{"name", "Base"}}}}).find("params.builder.name: \"Base\" is not a name of Kubernetes") !=
        std::string::npos);
  CHECK(refusal({{"builder", {{"name", "base"}, {"namespace", "apps"}}}}).find("a ClusterBuilder has none") !=
        std::string::npos);
  CHECK(refusal({{"sub_path", "../x"}}) == "cannot read params.sub_path: \"../x\" leads out of the source");
  CHECK(refusal({{"additional_tags", {"registry.example/app", "a b"}}}).find("params.additional_tags[1]") !=
        std::string::npos);
  CHECK(refusal({{"timeout", "soon"}}) ==
        "cannot read params.timeout: \"soon\" is not a duration; give hours, minutes and seconds, as in 1h30m");
  CHECK(refusal({{"create", {{"tag", "registry.example/app"}}}}).find("params.create.builder: it is missing") !=
        std::string::npos);
  CHECK(refusal({{"create", {{"builder", {{"name", "base"}}}}}}).find("params.create.tag: it is missing") !=
        std::string::npos);
  CHECK(refusal({{"comitish", "a"}}).find("did you mean params.commitish?") != std::string::npos);
}
