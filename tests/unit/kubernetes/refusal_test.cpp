#include "kubernetes/refusal.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/base64.hpp"

using namespace std::chrono_literals;
using kubernetes::Verb;

namespace {

const kubernetes::Resource images{"kpack.io", "v1alpha2", "images", "Image"};
const base::WallTime now{1'767'225'600s};

http::Response response(int status, std::string body) {
  http::Response result;
  result.status = status;
  result.body = std::move(body);
  return result;
}

base::Error refused(const kubernetes::Action& action, int status, const std::string& body,
                    const kubernetes::Caller& caller = {"source.kubeconfig", std::nullopt}) {
  return kubernetes::refusal(action, response(status, body), caller, now);
}

std::string status_body(const std::string& reason, const std::string& message) {
  return json::Value({{"kind", "Status"}, {"reason", reason}, {"message", message}}).dump();
}

}  // namespace

TEST_CASE("a missing right is named with the rule that grants it") {
  const auto error =
      refused({Verb::patch, images, "apps", "app", ""}, 403,
              status_body("Forbidden",
                          "images.kpack.io \"app\" is forbidden: User \"system:serviceaccount:apps:ci\" cannot patch "
                          "resource \"images\" in API group \"kpack.io\" in the namespace \"apps\""));
  CHECK(error.kind() == base::ErrorKind::denied);
  CHECK(error.status() == 403);
  CHECK(std::string(error.what()) ==
        "cannot patch images (kpack.io) app in namespace apps: system:serviceaccount:apps:ci has no right to patch "
        "images "
        "of kpack.io; grant it by a Role in namespace apps: {apiGroups: [\"kpack.io\"], resources: [images], verbs: "
        "[patch]}");
  CHECK(refused({Verb::get, kubernetes::pods, "apps", "p", "log"}, 403,
                status_body("Forbidden", "User \"u\" cannot get resource \"pods/log\""))
            .report()
            .remedy ==
        "grant it by a Role in namespace apps: {apiGroups: [\"\"], resources: [pods/log], verbs: [get]}");
}

TEST_CASE("what a webhook or a quota forbids is told in its words") {
  const auto error = refused({Verb::create, images, "apps", "", ""}, 403,
                             status_body("Forbidden", "admission webhook denied: tags must be ours"));
  CHECK(error.report().cause == "admission webhook denied: tags must be ours");
}

TEST_CASE("credentials that are not accepted are told by their field, and by their end when they say it") {
  const kubernetes::Action action{Verb::get, images, "apps", "app", ""};
  CHECK(refused(action, 401, status_body("Unauthorized", "Unauthorized")).report().cause ==
        "the cluster does not accept the credentials of source.kubeconfig");
  const auto error = refused(action, 401, "", {"source.cluster", now - 1h});
  CHECK(error.report().cause == "the token of source.cluster has expired at 2025-12-31T23:00:00Z");
  CHECK(error.report().remedy == "make a new one: kubectl create token build-service --duration 8760h");
}

TEST_CASE("the end of a token is read out of it") {
  const auto token = "e30." + base::base64url(R"({"exp":1767225600})") + ".c2ln";
  CHECK(kubernetes::end_of_token(base::Secret(token)) == now);
  for (const auto* other : {"opaque", "a.b.c", "e30.e30.", "..", "a.!!.c"}) {
    CHECK_FALSE(kubernetes::end_of_token(base::Secret(other)));
  }
}

TEST_CASE("kinds of errors follow from the status") {
  const kubernetes::Action action{Verb::patch, images, "apps", "app", ""};
  const auto kind = [&](int status) { return refused(action, status, status_body("X", "x")).kind(); };
  CHECK(kind(400) == base::ErrorKind::usage);
  CHECK(kind(422) == base::ErrorKind::usage);
  CHECK(kind(404) == base::ErrorKind::not_found);
  CHECK(kind(500) == base::ErrorKind::transient);
  CHECK(kind(429) == base::ErrorKind::transient);
  CHECK(kind(409) == base::ErrorKind::protocol);
  CHECK(refused(action, 409, status_body("Conflict", "x")).code() == "Conflict");
}

TEST_CASE("what is not a Kubernetes API is told as that") {
  const kubernetes::Action action{Verb::list, images, "apps", "", ""};
  CHECK(refused(action, 302, "").report().cause == "the server answers with a redirect: it is not a Kubernetes API");
  CHECK(refused(action, 403, "<html>").report().cause ==
        "the server answers HTML (HTTP status 403): it is not a Kubernetes API");
  CHECK(refused(action, 400, "bad\nrequest").report().cause == "bad");
  CHECK(refused(action, 418, "").report().cause == "HTTP status 418 ");
}
