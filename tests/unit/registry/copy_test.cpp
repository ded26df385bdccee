#include "registry/copy.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <sys/stat.h>

#include "base/file.hpp"
#include "registry/oci_layout.hpp"
#include "support/failure.hpp"
#include "support/in_memory_registry.hpp"

using namespace registry;
using test::InMemoryRegistry;

namespace {

const Repository here{"r.example", "app"};
const Repository beside{"r.example", "mirror"};
const Repository elsewhere{"other.example", "app"};

// An image whose diffIDs fit its layers, which are not compressed.
json::Value config_of(const std::vector<std::string>& layers, const std::string& architecture) {
  json::Value ids = json::Value::array();
  for (const auto& layer : layers) ids.push_back(base::Sha256::of(layer).text());
  return {{"architecture", architecture}, {"os", "linux"}, {"rootfs", {{"type", "layers"}, {"diff_ids", ids}}}};
}

RawManifest add_image(InMemoryRegistry& registry, const Repository& repository, const std::optional<std::string>& tag,
                      const std::vector<std::string>& layers, const std::string& architecture = "amd64") {
  return registry.add_image({repository, tag, std::nullopt}, config_of(layers, architecture), layers);
}

json::Value entry_of(const RawManifest& manifest) {
  return {{"mediaType", manifest.media_type}, {"digest", manifest.digest.text()}, {"size", manifest.bytes.size()}};
}

RawManifest add_index(InMemoryRegistry& registry, const Repository& repository, const std::string& tag,
                      const std::vector<json::Value>& entries) {
  auto index = parse_raw(
      std::string(media_type::oci_index),
      json::dump({{"schemaVersion", 2}, {"mediaType", media_type::oci_index}, {"manifests", entries}}), "an index");
  registry.put_manifest({repository, tag, std::nullopt}, index);
  return index;
}

RawManifest add_two_platforms(InMemoryRegistry& registry) {
  std::vector<json::Value> entries;
  for (const auto* architecture : {"amd64", "arm64"}) {
    entries.push_back(entry_of(add_image(registry, here, std::nullopt, {"base", architecture}, architecture)));
    entries.back()["platform"] = {{"os", "linux"}, {"architecture", architecture}};
  }
  return add_index(registry, here, "main", entries);
}

std::size_t count(InMemoryRegistry& registry, const std::string& operation) {
  const auto all = registry.operations();
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [&](const std::string& line) { return line.starts_with(operation + " "); }));
}

}  // namespace

TEST_CASE("an image is copied between hosts, and what is there is not sent again") {
  InMemoryRegistry registry;
  const auto image = add_image(registry, here, "main", {"one", "two", "two"});
  const auto from = repository_storage(registry, here);
  const auto to = repository_storage(registry, elsewhere);
  const auto copied = copy(*from, {"main"}, *to, "copy");
  CHECK(copied.manifest.digest == image.digest);
  CHECK(copied.sent == 3);  // the configuration and two layers
  CHECK(registry.find_manifest({elsewhere, "copy", std::nullopt})->digest == image.digest);
  const auto again = copy(*from, {"main"}, *to, "other");
  CHECK(again.sent == 0);
  CHECK(again.present == 3);
}

TEST_CASE("within a host blobs are mounted") {
  InMemoryRegistry registry;
  add_image(registry, here, "main", {"one", "two"});
  const auto copied =
      copy(*repository_storage(registry, here), {"main"}, *repository_storage(registry, beside), "main");
  CHECK(copied.mounted == 3);
  CHECK(copied.sent == 0);
  CHECK(count(registry, "stream_blob") == 0);
}

TEST_CASE("an index is copied with all its images, or one image of it alone") {
  InMemoryRegistry registry;
  const auto index = add_two_platforms(registry);
  const auto from = repository_storage(registry, here);
  const auto whole = copy(*from, {"main"}, *repository_storage(registry, elsewhere), "main");
  CHECK(whole.manifest.digest == index.digest);
  CHECK(whole.sent == 5);  // two configurations, the common layer, one layer each
  CHECK(registry.find_image({elsewhere, "main", std::nullopt}, {"linux", "arm64", ""}));
  const auto single = copy(*from, {"main"}, *repository_storage(registry, {"third.example", "app"}), "main",
                           {.platform = Platform{"linux", "arm64", ""}});
  CHECK_FALSE(single.manifest.is_index());
  CHECK(single.sent == 3);
}

TEST_CASE("artifacts that name an image go with it when asked for") {
  InMemoryRegistry registry;
  const auto image = add_image(registry, here, "main", {"one"});
  Manifest artifact{std::string(media_type::oci_manifest),
                    registry.add_blob(here, "{}", media_type::empty_json),
                    {},
                    {},
                    Descriptor{image.media_type, image.digest, image.bytes.size(), {}, {}, ""},
                    "application/vnd.example.signature"};
  const auto signature = serialize(artifact);
  registry.put_manifest({here, std::nullopt, signature.digest}, signature);
  const auto from = repository_storage(registry, here);
  const auto to = repository_storage(registry, elsewhere);
  copy(*from, {"main"}, *to, "main");
  CHECK(registry.referrers(elsewhere, image.digest, "").empty());
  copy(*from, {"main"}, *to, "main", {.referrers = CopyOptions::Referrers::copied});
  CHECK(registry.referrers(elsewhere, image.digest, "").size() == 1);
}

TEST_CASE("an image goes through a layout and comes back with the same digest") {
  InMemoryRegistry registry;
  const auto index = add_two_platforms(registry);
  const base::TemporaryDirectory directory("layout");
  const auto path = directory.path() / "oci";
  {
    const auto layout = create_oci_layout(path);
    copy(*repository_storage(registry, here), {"main"}, *layout, "main");
  }
  const auto layout = open_oci_layout(path);
  CHECK(layout->find_manifest({})->digest == index.digest);
  CHECK(layout->find_manifest({"main"})->digest == index.digest);
  CHECK_FALSE(layout->find_manifest({"other"}));
  CHECK(find_image(*layout, {}, {"linux", "arm64", ""})->platform().architecture == "arm64");
  copy(*layout, {}, *repository_storage(registry, elsewhere), "back");
  CHECK(registry.find_manifest({elsewhere, "back", std::nullopt})->digest == index.digest);
  CHECK_FALSE(std::filesystem::exists(path / "blobs/sha256" / (std::string(index.digest.hex()) + ".0.part")));
}

TEST_CASE("a layout keeps several images by their tags, and a tag moves") {
  InMemoryRegistry registry;
  add_image(registry, here, "a", {"a"});
  const auto second = add_image(registry, here, "b", {"b"});
  const base::TemporaryDirectory directory("layout");
  const auto layout = create_oci_layout(directory.path() / "oci");
  const auto from = repository_storage(registry, here);
  copy(*from, {"a"}, *layout, "one");
  copy(*from, {"b"}, *layout, "two");
  CHECK(test::failure([&] {
          static_cast<void>(layout->find_manifest({}));
        }).find("it holds 2 images; name one by its tag") != std::string::npos);
  copy(*from, {"b"}, *layout, "one");
  CHECK(layout->find_manifest({"one"})->digest == second.digest);
}

namespace {

// A layout with one image, for a test to damage.
struct Layout {
  Layout() {
    image = add_image(registry, here, "main", {"secret"});
    copy(*repository_storage(registry, here), {"main"}, *create_oci_layout(path), "main");
    layer = path / "blobs/sha256" / std::string(base::Sha256::of("secret").hex());
  }
  std::string copied() {
    return test::failure([&] { copy(*open_oci_layout(path), {}, *repository_storage(registry, elsewhere), "x"); });
  }
  InMemoryRegistry registry;
  base::TemporaryDirectory directory{"layout"};
  std::filesystem::path path = directory.path() / "oci";
  std::filesystem::path layer;
  RawManifest image{"", "", base::Sha256::of(""), {}};
};

}  // namespace

TEST_CASE("a blob of a layout that is a link to elsewhere is refused") {
  Layout layout;
  std::filesystem::remove(layout.layer);
  base::write_file(layout.directory.path() / "outside", "secret");
  std::filesystem::create_symlink(layout.directory.path() / "outside", layout.layer);
  CHECK(layout.copied().find("a symbolic link is not followed here") != std::string::npos);
}

TEST_CASE("a folder of a layout that is a link, and a blob that is a pipe or a directory, are refused") {
  Layout linked;
  std::filesystem::rename(linked.path / "blobs", linked.directory.path() / "elsewhere");
  std::filesystem::create_directory_symlink(linked.directory.path() / "elsewhere", linked.path / "blobs");
  CHECK(linked.copied().find("a symbolic link is not followed here") != std::string::npos);
  Layout piped;
  std::filesystem::remove(piped.layer);
  REQUIRE(mkfifo(piped.layer.c_str(), 0600) == 0);
  CHECK(piped.copied().find("it is not a regular file") != std::string::npos);
  Layout nested;
  std::filesystem::remove(nested.layer);
  std::filesystem::create_directory(nested.layer);
  CHECK(nested.copied().find("it is not a regular file") != std::string::npos);
}

TEST_CASE("altered and missing bytes of a layout are errors") {
  Layout altered;
  base::write_file(altered.layer, "SECRET");
  CHECK_FALSE(altered.copied().empty());
  Layout shorter;
  base::write_file(shorter.layer, "s");
  CHECK(shorter.copied().find("it has 1 bytes, not 6") != std::string::npos);
  Layout missing;
  std::filesystem::remove(missing.layer);
  CHECK(missing.copied().find("there is no such file") != std::string::npos);
  Layout manifest;
  base::write_file(manifest.path / "blobs/sha256" / std::string(manifest.image.digest.hex()), "{}");
  CHECK(manifest.copied().find("its bytes have another digest") != std::string::npos);
}

TEST_CASE("what is not a layout is refused by name") {
  const base::TemporaryDirectory directory("layout");
  CHECK(test::failure([&] {
          static_cast<void>(open_oci_layout(directory.path()));
        }).find("it has no file oci-layout") != std::string::npos);
  base::write_file(directory.path() / "oci-layout", R"({"imageLayoutVersion":"2.0.0"})");
  CHECK(test::failure([&] {
          static_cast<void>(open_oci_layout(directory.path()));
        }).find("unknown version \"2.0.0\"") != std::string::npos);
  CHECK(test::failure([&] { static_cast<void>(create_oci_layout(directory.path())); }).find("is not empty") !=
        std::string::npos);
}

TEST_CASE("an image that is not there, or lacks a part, is not copied") {
  InMemoryRegistry registry;
  const auto from = repository_storage(registry, here);
  const auto to = repository_storage(registry, elsewhere);
  CHECK(test::failure([&] { copy(*from, {"none"}, *to, "x"); }) ==
        "cannot copy image r.example/app:none: it is not there");
  const json::Value lost = {{"digest", base::Sha256::of("lost").text()}, {"size", 1}};
  add_index(registry, here, "main", {lost});
  CHECK(test::failure([&] { copy(*from, {"main"}, *to, "x"); }).find("which is not there") != std::string::npos);
  const json::Value odd = {{"digest", "sha512:" + std::string(128, 'a')}, {"size", 1}};
  add_index(registry, here, "odd", {odd});
  CHECK(test::failure([&] { copy(*from, {"odd"}, *to, "x"); }).find("a digest of sha512") != std::string::npos);
  CHECK_FALSE(registry.find_manifest({elsewhere, "x", std::nullopt}));
}

TEST_CASE("an entry without a platform is looked up in its configuration, beside attestations and odd neighbours") {
  InMemoryRegistry registry;
  const auto amd = entry_of(add_image(registry, here, std::nullopt, {"a"}, "amd64"));
  const auto arm = entry_of(add_image(registry, here, std::nullopt, {"b"}, "arm64"));
  auto attestation = entry_of(add_image(registry, here, std::nullopt, {"c"}, "unknown"));
  attestation["platform"] = {{"os", "unknown"}, {"architecture", "unknown"}};
  attestation["annotations"] = {{"vnd.docker.reference.type", "attestation-manifest"}};
  const json::Value odd = {{"digest", "sha512:" + std::string(128, 'a')}, {"size", -1}};
  add_index(registry, here, "main", {odd, amd, attestation, arm});
  const Reference main{here, "main", std::nullopt};
  CHECK(registry.find_image(main, {"linux", "arm64", ""})->raw.digest.text() == arm["digest"]);
  CHECK(registry.find_image(main, {"linux", "amd64", ""})->raw.digest.text() == amd["digest"]);
  CHECK(test::failure([&] {
          static_cast<void>(registry.find_image(main, {"linux", "s390x", ""}));
        }).find("set source.platform to one of linux/amd64, linux/arm64") != std::string::npos);
}

TEST_CASE("the entry of the wanted platform is judged, if no other is") {
  InMemoryRegistry registry;
  auto odd = entry_of(add_image(registry, here, std::nullopt, {"a"}, "arm64"));
  odd["digest"] = "sha512:" + std::string(128, 'a');
  odd["platform"] = {{"os", "linux"}, {"architecture", "arm64"}};
  auto good = entry_of(add_image(registry, here, std::nullopt, {"b"}, "amd64"));
  good["platform"] = {{"os", "linux"}, {"architecture", "amd64"}};
  add_index(registry, here, "main", {odd, good});
  const Reference main{here, "main", std::nullopt};
  CHECK(registry.find_image(main, {"linux", "amd64", ""}));
  CHECK(test::failure([&] {
          static_cast<void>(registry.find_image(main, {"linux", "arm64", ""}));
        }).find("a digest of sha512") != std::string::npos);
}

TEST_CASE("addresses in a layer are never fetched") {
  InMemoryRegistry registry;
  const auto image = add_image(registry, here, "main", {"one"});
  auto document = image.value;
  document["layers"][0]["urls"] = {"http://169.254.169.254/latest/meta-data"};
  const auto linked = parse_raw(image.media_type, json::dump(document), "x");
  registry.put_manifest({here, "linked", std::nullopt}, linked);
  const auto copied =
      copy(*repository_storage(registry, here), {"linked"}, *repository_storage(registry, elsewhere), "x");
  CHECK(copied.sent == 2);
}
