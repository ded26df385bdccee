#include "kubernetes/names.hpp"

#include <catch2/catch_test_macros.hpp>

#include "kubernetes/resource.hpp"

TEST_CASE("a DNS label has at most 63 small letters, digits and hyphens between") {
  for (const auto* good : {"a", "petclinic", "pet-clinic-2", "0"}) CHECK(kubernetes::is_dns_label(good));
  for (const auto* bad : {"", "-a", "a-", "A", "a.b", "a_b", "a/b", "..", "a b", "\xc3\xa4"}) {
    CHECK_FALSE(kubernetes::is_dns_label(bad));
  }
  CHECK(kubernetes::is_dns_label(std::string(63, 'a')));
  CHECK_FALSE(kubernetes::is_dns_label(std::string(64, 'a')));
}

TEST_CASE("a subdomain is labels with dots between") {
  CHECK(kubernetes::is_dns_subdomain("a.b-c.d"));
  for (const auto* bad : {"", ".", "a.", ".a", "a..b"}) CHECK_FALSE(kubernetes::is_dns_subdomain(bad));
}

TEST_CASE("paths are of a group or of the core, in a namespace or of the cluster") {
  const kubernetes::Resource images{"kpack.io", "v1alpha2", "images", "Image"};
  CHECK(kubernetes::path_of(images, "apps") == "/apis/kpack.io/v1alpha2/namespaces/apps/images");
  CHECK(kubernetes::path_of(images, "apps", "app") == "/apis/kpack.io/v1alpha2/namespaces/apps/images/app");
  CHECK(kubernetes::path_of(kubernetes::pods, "apps", "p", "log") == "/api/v1/namespaces/apps/pods/p/log");
  const kubernetes::Resource builders{"kpack.io", "v1alpha2", "clusterbuilders", "ClusterBuilder",
                                      kubernetes::Scope::cluster};
  CHECK(kubernetes::path_of(builders, "apps", "base") == "/apis/kpack.io/v1alpha2/clusterbuilders/base");
}
