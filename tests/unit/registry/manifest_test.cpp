#include "registry/manifest.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

using namespace registry;

namespace {

const std::string digest = "sha256:" + std::string(64, 'a');

RawManifest raw(const json::Value& value, std::string_view type = media_type::oci_manifest) {
  return parse_raw(std::string(type), json::dump(value), "image r.example/app");
}

json::Value descriptor() { return {{"mediaType", "x"}, {"digest", digest}, {"size", 3}}; }

Descriptor entry(Platform platform) { return {"x", *Digest::parse(digest), 1, {}, std::move(platform), ""}; }

std::string error_of(const json::Value& value) {
  try {
    static_cast<void>(parse_manifest(raw(value), "image r.example/app"));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a manifest is written with the same bytes each time and read back") {
  Manifest manifest{
      std::string(media_type::oci_manifest), entry({"linux", "amd64", ""}), {}, {{"b", "2"}, {"a", "1"}}, {}, ""};
  manifest.layers.push_back(entry({"linux", "amd64", ""}));
  const auto first = serialize(manifest);
  CHECK(serialize(manifest).digest == first.digest);
  const auto back = parse_manifest(first, "x");
  CHECK(back.layers.size() == 1);
  CHECK(back.annotations.at("a") == "1");
  CHECK(serialize(back).bytes == first.bytes);
}

TEST_CASE("a damaged manifest is an error that names the image") {
  CHECK(error_of({{"layers", json::Value::array()}}) == "cannot read image r.example/app: config is missing");
  CHECK(error_of({{"config", descriptor()}, {"layers", 1}}) == "cannot read image r.example/app: layers is not a list");
  auto bad = descriptor();
  bad["digest"] = "md5:1";
  CHECK(error_of({{"config", bad}, {"layers", json::Value::array()}}) ==
        "cannot read image r.example/app: a descriptor has no sha256 digest");
  bad = descriptor();
  bad["size"] = -1;
  CHECK(!error_of({{"config", bad}, {"layers", json::Value::array()}}).empty());
  CHECK(!error_of({{"schemaVersion", 1}, {"fsLayers", json::Value::array()}}).empty());
}

TEST_CASE("the document's media type counts more than the header's") {
  const auto index = raw({{"mediaType", media_type::docker_index}, {"manifests", json::Value::array()}}, "text/plain");
  CHECK(index.is_index());
  CHECK(raw({{"manifests", json::Value::array()}}, "application/json").is_index());
  CHECK(!raw({{"config", descriptor()}, {"layers", json::Value::array()}}, "").is_index());
}

TEST_CASE("a platform is chosen with its variant where both say one") {
  const std::vector<Descriptor> entries{entry({"linux", "amd64", ""}), entry({"linux", "arm", "v6"}),
                                        entry({"linux", "arm", "v7"}), entry({"linux", "arm64", "v8"}),
                                        entry({"windows", "amd64", ""})};
  CHECK(choose(entries, {"linux", "amd64", ""}) == &entries[0]);
  CHECK(choose(entries, {"linux", "arm", "v6"}) == &entries[1]);
  CHECK(choose(entries, {"linux", "arm", ""}) == &entries[2]);
  CHECK(choose(entries, {"linux", "arm64", ""}) == &entries[3]);
  CHECK(choose(entries, {"linux", "arm64", "v8"}) == &entries[3]);
  CHECK(choose(entries, {"linux", "arm64", "v9"}) == nullptr);
  CHECK(choose(entries, {"linux", "s390x", ""}) == nullptr);
  const std::vector<Descriptor> bare{entry({"linux", "arm64", ""})};
  CHECK(choose(bare, {"linux", "arm64", "v8"}) == &bare[0]);
}

TEST_CASE("labels and diffIDs are read from a configuration of any shape") {
  Image image{raw({{"config", descriptor()}, {"layers", json::Value::array()}}),
              Manifest{"", entry({}), {}, {}, {}, ""}, json::Value::object()};
  CHECK(image.diff_ids().empty());
  CHECK(!image.label("a"));
  image.config = {{"config", {{"Labels", {{"a", "b"}, {"n", 1}}}}},
                  {"rootfs", {{"diff_ids", {digest}}}},
                  {"architecture", "arm64"}};
  CHECK(image.label("a") == "b");
  CHECK(!image.label("n"));
  CHECK(image.diff_ids().size() == 1);
  CHECK(image.platform() == Platform{"linux", "arm64", ""});
  image.config["rootfs"]["diff_ids"] = {"sha256:short"};
  CHECK_THROWS_AS(image.diff_ids(), base::Error);
}
