#include "image/source.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

namespace {

image::Source read(json::Value fields) {
  if (!fields.contains("repository")) fields["repository"] = "r.example/app";
  return image::read_source(fields);
}

std::string error_of(const json::Value& fields) {
  try {
    static_cast<void>(read(fields));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a source has its repository, tag and host") {
  const auto source = read({{"repository", "nginx"}, {"tag", 17}, {"username", "u"}, {"password", "p"}});
  CHECK(source.repository.text() == "docker.io/library/nginx");
  CHECK(source.written_repository == "nginx");
  CHECK(source.tag == "17");
  CHECK(source.hosts.at(0).credentials->name() == "u");
  CHECK(source.hosts.at(0).named_by == "source");
  CHECK(image::image_name(source, base::Sha256::of("x")).starts_with("nginx@sha256:"));
}

TEST_CASE("a mirror counts for a repository of Docker Hub alone") {
  const json::Value mirror = {{"host", "mirror.example:5000"}, {"username", "u"}, {"password", "p"}};
  const auto source = read({{"repository", "nginx"}, {"registry_mirror", mirror}});
  CHECK(source.mirror->text() == "mirror.example:5000/library/nginx");
  CHECK_FALSE(source.hosts.at(0).credentials);
  CHECK(source.hosts.at(1).credentials->name() == "u");
  CHECK_FALSE(read({{"registry_mirror", mirror}}).mirror);
  CHECK(error_of({{"repository", "nginx"}, {"registry_mirror", {{"host", "mirror"}}}}) ==
        "cannot read source.registry_mirror.host: \"mirror\" is not a host with its port");
  CHECK(error_of({{"label_regex", "("}}).starts_with("cannot read source.label_regex: \"(\" is not a regular"));
  CHECK(error_of({{"annotation_regex", "("}}).starts_with("cannot read source.annotation_regex: "));
}

TEST_CASE("an architecture may carry its variant") {
  const auto platform = read({{"platform", {{"architecture", "arm64/v8"}}}}).platform;
  CHECK(platform.architecture == "arm64");
  CHECK(platform.variant == "v8");
  CHECK(platform.os == "linux");
  CHECK(read(json::Value::object()).platform == registry::host_platform());
}

TEST_CASE("credentials of the repository's host may stand among registries") {
  const json::Value entry = {{"host", "r.example"}, {"username", "u"}, {"password", "p"}};
  CHECK(read({{"registries", {entry}}}).hosts.at(0).credentials->name() == "u");
  const auto both = read({{"registries", {entry}}, {"username", "own"}, {"password", "p"}});
  CHECK(both.hosts.at(0).credentials->name() == "own");
}

TEST_CASE("authorities of a host are its own, in whichever place they stand") {
  const json::Value here = {{"host", "r.example"}, {"username", "u"}, {"password", "p"}};
  const auto mixed = read({{"registries", {here}}, {"ca_certs", {"mine"}}});
  CHECK(mixed.hosts.at(0).credentials->name() == "u");
  CHECK(mixed.hosts.at(0).ca_certificates == std::vector<std::string>{"mine"});
  const json::Value other = {{"host", "other.example"}, {"ca_certs", {"theirs"}}};
  const auto two = read({{"registries", {other}}, {"ca_certs", {"mine"}}});
  CHECK(two.hosts.at(0).ca_certificates == std::vector<std::string>{"mine"});
  CHECK(two.hosts.at(1).ca_certificates == std::vector<std::string>{"theirs"});
}

TEST_CASE("unknown and unsupported fields are errors that say what to do") {
  CHECK(error_of({{"usernam", "x"}}) ==
        "cannot read source.usernam: there is no such field; did you mean source.username?");
  CHECK(error_of({{"content_trust", json::Value::object()}}) ==
        "cannot read source.content_trust: this field is not supported; Docker has ended Notary v1; pin a digest or "
        "verify signatures in a task");
  CHECK(error_of({{"tag", "a b"}}).starts_with("cannot read source.tag: \"a b\" is not a tag"));
}

TEST_CASE("ways to choose tags that have no effect are said, and taken as the registry-image resource takes them") {
  const auto warnings = [](const json::Value& fields) { return read(fields).warnings; };
  CHECK(warnings({{"tag", "a"}, {"tag_regex", "b"}}) ==
        std::vector<std::string>{"source.tag_regex has no effect beside source.tag"});
  CHECK(warnings({{"tag", "a"}, {"semver_constraint", "^1"}, {"pre_releases", true}}).size() == 2);
  CHECK(warnings({{"tag_regex", "a"}, {"pre_release_prefixes", {"x"}}}) ==
        std::vector<std::string>{"source.pre_release_prefixes has no effect beside source.tag_regex"});
  CHECK(warnings({{"created_at_sort", true}}).size() == 1);
  CHECK(warnings({{"tag", "a"}, {"variant", "alpine"}}).empty());
  CHECK(!error_of({{"tag_regex", "("}}).empty());
  CHECK(!error_of({{"semver_constraint", "newest"}}).empty());
}

TEST_CASE("a tag that YAML made a number of is taken, with a word on what may have been lost") {
  const auto source = read({{"tag", 3.7}});
  CHECK(source.tag == "3.7");
  CHECK(source.warnings ==
        std::vector<std::string>{"source.tag is the number 3.7, which YAML makes of 3.10 and 3.1 alike: "
                                 "write it in quotes"});
  CHECK(read({{"tag", 17}}).warnings.empty());
  CHECK(!error_of({{"tag", 1e30}}).empty());
  CHECK(!error_of({{"tag", -1.5}}).empty());
  CHECK(!error_of({{"tag", true}}).empty());
}

TEST_CASE("a repository without a host is one of ECR where the source has a region") {
  const auto source =
      read({{"repository", "team/app"}, {"aws_region", "eu-west-1"}, {"aws_account_id", "012345678901"}});
  CHECK(source.repository.text() == "012345678901.dkr.ecr.eu-west-1.amazonaws.com/team/app");
  CHECK(source.written_repository == source.repository.text());
  CHECK(source.hosts[0].cloud);
  const json::Value mirror{{"host", "mirror.example"}};
  CHECK_FALSE(read({{"repository", "app"}, {"aws_region", "eu-west-1"}, {"registry_mirror", mirror}}).mirror);
}

TEST_CASE("a mirror of Docker Hub may have a cloud's login") {
  const json::Value mirror{{"host", "012345678901.dkr.ecr.eu-west-1.amazonaws.com"}, {"aws_region", "eu-west-1"}};
  const auto source = read({{"repository", "nginx"}, {"registry_mirror", mirror}});
  CHECK(source.hosts[1].cloud);
  CHECK(error_of({{"repository", "nginx"}, {"registry_mirror", {{"host", "m.example"}, {"aws_region", "eu-west-1"}}}})
            .starts_with("cannot read source.registry_mirror.aws_region: m.example is not a registry of ECR"));
}
