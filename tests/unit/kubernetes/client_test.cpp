#include "kubernetes/client.hpp"

#include <catch2/catch_test_macros.hpp>

#include "world.hpp"

namespace {

using World = test::KubernetesWorld;
using json::Value;

Value page(const Value& items, const std::string& version, const std::string& token = "") {
  return {{"kind", "ImageList"}, {"metadata", {{"resourceVersion", version}, {"continue", token}}}, {"items", items}};
}

template <class F>
base::Error failure_of(F&& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error;
  }
  throw std::logic_error("no error");
}

}  // namespace

TEST_CASE("an object is found, or is not there") {
  World world;
  world.answer(200, {{"kind", "Image"}, {"metadata", {{"name", "app"}, {"managedFields", {1, 2}}}}, {"unknown", 1}});
  world.refuse(404, "NotFound", "app");
  CHECK(world.client.find(world.images, "apps", "app") ==
        Value({{"kind", "Image"}, {"metadata", {{"name", "app"}}}, {"unknown", 1}}));
  CHECK_FALSE(world.client.find(world.images, "apps", "app"));
  CHECK(world.path(0) == "/apis/kpack.io/v1alpha2/namespaces/apps/images/app");
}

TEST_CASE("a kind that the cluster does not know is told apart from an object that is not there") {
  World world;
  world.refuse(404, "NotFound");
  world.server.answer(404, {{"Content-Type", "text/plain"}}, "404 page not found\n");
  world.answer(200, {{"kind", "APIVersions"}});
  const auto error = failure_of([&] { (void)world.client.find(world.images, "apps", "app"); });
  CHECK(error.kind() == base::ErrorKind::not_found);
  CHECK(std::string(error.what()) ==
        "cannot get images (kpack.io) app in namespace apps: the cluster does not know kpack.io; install what serves "
        "kpack.io, or check which cluster source.kubeconfig names");
}

TEST_CASE("a version that is not served is told with those that are") {
  World world;
  world.refuse(404, "NotFound");
  world.answer(200, {{"kind", "APIGroup"}, {"versions", {{{"version", "v1alpha1"}}}}});
  CHECK(
      std::string(failure_of([&] { (void)world.client.list(world.images, "apps", {}); }).what()) ==
      "cannot list images (kpack.io) in namespace apps: the cluster does not serve images in version v1alpha2; it has "
      "kpack.io: v1alpha1; install a newer one");
}

TEST_CASE("a server that answers 404 to everything is not a Kubernetes API") {
  World world;
  world.server.answer(404, {{"Content-Type", "text/html"}}, "<html>");
  CHECK(failure_of([&] { (void)world.client.find(world.images, "apps", "app"); }).report().cause ==
        "the server answers HTML (HTTP status 404): it is not a Kubernetes API");
}

TEST_CASE("a list is read page by page") {
  World world;
  world.answer(200, page({1, 2}, "7", "to ken"));
  world.answer(200, page({3}, "7"));
  const auto listing = world.client.list(world.images, "apps", {"image.kpack.io/image=app", ""});
  CHECK(listing.items == std::vector<Value>{1, 2, 3});
  CHECK(listing.resource_version == "7");
  CHECK(world.path(0) ==
        "/apis/kpack.io/v1alpha2/namespaces/apps/images?labelSelector=image.kpack.io%2Fimage%3Dapp&limit=500");
  CHECK(world.path(1).ends_with("&limit=500&continue=to%20ken"));
}

TEST_CASE("a list that expires between its pages is begun anew, and not for ever") {
  World world;
  world.answer(200, page({1, 2}, "7", "t"));
  world.refuse(410, "Expired");
  world.answer(200, page({3}, "9"));
  CHECK(world.client.list(world.images, "apps", {}).items == std::vector<Value>{3});
  for (int i = 0; i < 5; ++i) {
    world.answer(200, page({1, 2}, "7", "t"));
    world.refuse(410, "Expired");
  }
  CHECK(failure_of([&] { (void)world.client.list(world.images, "apps", {}); }).kind() == base::ErrorKind::transient);
}

TEST_CASE("an empty list may be null, and what is not a list is an error") {
  World world;
  world.answer(200, page(nullptr, "7"));
  CHECK(world.client.list(world.images, "apps", {}).items.empty());
  world.answer(200, {{"kind", "Image"}});
  CHECK(failure_of([&] { (void)world.client.list(world.images, "apps", {}); }).kind() == base::ErrorKind::protocol);
}

TEST_CASE("a table is read page by page, and there is none where the server answers the list itself") {
  World world;
  const Value columns = Value::array({{{"name", "Name"}, {"type", "string"}}, {{"name", "Age"}}});
  const auto table_of = [&](const Value& cells, const std::string& token) -> Value {
    return {{"kind", "Table"},
            {"metadata", {{"resourceVersion", "7"}, {"continue", token}}},
            {"columnDefinitions", columns},
            {"rows", Value::array({{{"cells", cells}, {"object", nullptr}}})}};
  };
  world.answer(200, table_of({"a", 17}, "t"));
  world.answer(200, table_of({"b"}, ""));
  const auto table = world.client.table(world.images, "apps", {"image.kpack.io/image=app", ""});
  REQUIRE(table);
  CHECK(table->columns == std::vector<std::string>{"Name", "Age"});
  CHECK(table->rows == std::vector<std::vector<std::string>>{{"a", ""}, {"b", ""}});
  CHECK(world.server.seen.at(0).headers.get("Accept")->starts_with("application/json;as=Table;v=v1;g=meta.k8s.io"));
  CHECK(world.path(0).ends_with("&includeObject=None&limit=500"));
  world.answer(200, page({1, 2}, "7"));
  CHECK_FALSE(world.client.table(world.images, "apps", {}));
}

TEST_CASE("a create and a patch send JSON, and tell a conflict by its code") {
  World world;
  world.answer(201, {{"metadata", {{"name", "app"}}}});
  world.refuse(409, "AlreadyExists", "app");
  world.refuse(409, "Conflict", "app");
  (void)world.client.create(world.images, "apps", {{"a", 1}});
  CHECK(world.server.seen[0].body == R"({"a":1})");
  CHECK(failure_of([&] { (void)world.client.create(world.images, "apps", {}); }).code() == kubernetes::already_exists);
  CHECK(failure_of([&] { (void)world.client.patch(world.images, "apps", "app", {}); }).code() == kubernetes::conflict);
  CHECK(world.server.seen[2].headers.get("Content-Type") == "application/merge-patch+json");
  CHECK(world.server.seen[2].method == http::Method::patch);
}

TEST_CASE("what no cluster stores is not sent") {
  World world;
  const auto error = failure_of([&] {
    (void)world.client.patch(world.images, "apps", "app", {{"x", std::string(2'000'000, 'x')}});
  });
  CHECK(error.kind() == base::ErrorKind::usage);
  CHECK(world.server.seen.empty());
}

TEST_CASE("a watch gives whole lines, and none that is larger than an object") {
  World world;
  world.server.answer(200, {}, "one\n\ntwo\nhalf");
  std::vector<std::string> lines;
  const auto receive = [&](std::string_view line) { lines.emplace_back(line); };
  world.client.watch(world.images, "apps", {"", "metadata.name=app"}, "7", receive, nullptr);
  CHECK(lines == std::vector<std::string>{"one", "two"});
  CHECK(world.path(0) ==
        "/apis/kpack.io/v1alpha2/namespaces/apps/images?fieldSelector=metadata.name%3Dapp&watch=true"
        "&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds=300");
  world.server.answer(200, {}, std::string(2'000'000, 'x'));
  CHECK(failure_of([&] { world.client.watch(world.images, "apps", {}, "7", receive, nullptr); }).report().cause ==
        "it is larger than 1.6 MB");
}

TEST_CASE("a log is asked for from a time on") {
  World world;
  world.server.answer(200, {}, "bytes");
  std::string got;
  world.client.log(
      "apps", "pod", "build", "2026-01-01T00:00:00Z", [&](std::string_view bytes) { got += bytes; }, nullptr);
  CHECK(got == "bytes");
  CHECK(world.path(0) ==
        "/api/v1/namespaces/apps/pods/pod/log?container=build&follow=true&timestamps=true"
        "&sinceTime=2026-01-01T00%3A00%3A00Z");
}
