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
        "cannot read image r.example/app: a descriptor has a digest of md5, and only sha256 is known here");
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

TEST_CASE("a document that is both an index and a manifest is refused, and one of another type than it says") {
  const auto error = [](const json::Value& value, std::string_view type = media_type::oci_manifest) -> std::string {
    try {
      static_cast<void>(raw(value, type));
    } catch (const base::Error& failure) {
      return failure.what();
    }
    return "";
  };
  const auto none = json::Value::array();
  CHECK(error({{"manifests", none}, {"layers", none}}) ==
        "cannot read image r.example/app: it is both an index and the manifest of an image");
  CHECK(!error({{"manifests", none}, {"config", descriptor()}}).empty());
  CHECK(!error({{"mediaType", media_type::oci_index}, {"config", descriptor()}, {"layers", none}}).empty());
  CHECK(!error({{"mediaType", media_type::oci_manifest}, {"manifests", none}}).empty());
  CHECK(error({{"config", descriptor()}, {"layers", none}}).empty());
}

TEST_CASE("one odd entry of an index spoils nothing, unless all of it is needed") {
  auto odd = descriptor();
  odd["digest"] = "sha512:" + std::string(128, 'a');
  odd["platform"] = {{"os", "linux"}, {"architecture", "s390x"}};
  auto negative = descriptor();
  negative["size"] = -1;
  const auto document = raw({{"manifests", {odd, descriptor(), negative, 7}}}, media_type::oci_index);
  const auto index = parse_index(document, "x");
  CHECK(index.entries.size() == 1);
  REQUIRE(index.flawed.size() == 3);
  CHECK(index.flawed[0].platform == Platform{"linux", "s390x", ""});
  CHECK(index.flawed[0].cause == "a descriptor has a digest of sha512, and only sha256 is known here");
  CHECK_THROWS_AS(parse_whole_index(document, "x"), base::Error);
}

TEST_CASE("remarks and subjects of odd types do not keep an image from being read") {
  const auto manifest = parse_manifest(raw({{"config", descriptor()},
                                            {"layers", json::Value::array()},
                                            {"annotations", {{"a", "b"}, {"n", 1}}},
                                            {"subject", {{"digest", "sha512:1"}}}}),
                                       "x");
  CHECK(manifest.annotations == std::map<std::string, std::string>{{"a", "b"}});
  CHECK(!manifest.subject);
}

TEST_CASE("what an image stands on is checked: diffIDs, layers, the types of its settings") {
  const auto flaw = [](const json::Value& config, std::size_t layers = 1,
                       std::string_view type = media_type::oci_config) -> std::string {
    Image image{raw({{"config", descriptor()}, {"layers", json::Value::array()}}),
                Manifest{"", entry({}), {}, {}, {}, ""}, config};
    image.manifest.config.media_type = type;
    for (std::size_t i = 0; i < layers; ++i) image.manifest.layers.push_back(entry({}));
    try {
      image.require_sound("image r.example/app");
    } catch (const base::Error& error) {
      return error.what();
    }
    return "";
  };
  const json::Value rootfs = {{"diff_ids", {digest}}};
  CHECK(flaw({{"rootfs", rootfs}}).empty());
  CHECK(flaw({{"rootfs", rootfs}}, 2) ==
        "cannot read image r.example/app: its manifest has 2 layers and its configuration 1 diffIDs");
  CHECK(!flaw({{"rootfs", rootfs}}, 0).empty());
  CHECK(flaw({}, 2, "application/vnd.example.artifact").empty());
  for (const json::Value& settings : std::vector<json::Value>{{{"Env", "text"}},
                                                              {{"Env", {1}}},
                                                              {{"Entrypoint", 1}},
                                                              {{"Cmd", {{"a", 1}}}},
                                                              {{"User", 1}},
                                                              {{"WorkingDir", json::Value::array()}},
                                                              {{"Labels", {{"a", 1}}}},
                                                              {{"Labels", {"a"}}},
                                                              "text"}) {
    CHECK(!flaw({{"rootfs", rootfs}, {"config", settings}}).empty());
  }
  CHECK(flaw({{"rootfs", rootfs}, {"config", {{"Env", nullptr}, {"User", "1000"}, {"Labels", {{"a", "b"}}}}}}).empty());
  CHECK(!flaw({{"rootfs", {{"diff_ids", {"sha256:short"}}}}}).empty());
}
