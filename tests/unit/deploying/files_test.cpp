#include "deploying/files.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "base/file.hpp"

namespace {

namespace fs = std::filesystem;

const deploying::Image app{"r.example:5000/acme/app", "1.10", "sha256:" + std::string(64, 'a')};

TEST_CASE("a kustomization is a component that names the image and its digest") {
  CHECK(deploying::kustomization({app}).ends_with(
      "kind: Component\nimages:\n- name: \"r.example:5000/acme/app\"\n  newName: \"r.example:5000/acme/app\"\n"
      "  digest: \"" +
      app.digest + "\"\n"));
  CHECK(deploying::kustomization({}).ends_with("images: []\n"));
}

TEST_CASE("a tag that YAML would read as something else stays a text") {
  CHECK(deploying::helm_values(app).find("  tag: \"1.10\"\n") != std::string::npos);
}

TEST_CASE("what comes from a cluster cannot leave its quotes") {
  auto hostile = app;
  hostile.tag = "a\"\n  digest: b\t\x1b\\";
  CHECK(deploying::helm_values(hostile).find("  tag: \"a\\\"\\n  digest: b\\t\\u001b\\\\\"\n") != std::string::npos);
}

TEST_CASE("a patch replaces the first container's image by its digest") {
  CHECK(deploying::patch(app).ends_with("- op: replace\n  path: /spec/template/spec/containers/0/image\n  value: \"" +
                                        app.repository + "@" + app.digest + "\"\n"));
}

TEST_CASE("only the forms that are asked for are written") {
  const base::TemporaryDirectory directory("deploy");
  deploying::write_files({}, app, directory.path());
  CHECK_FALSE(fs::exists(directory.path() / "deploy"));
  deploying::write_files({deploying::Form::patch}, app, directory.path());
  CHECK(fs::exists(directory.path() / "deploy/patch.yaml"));
  CHECK_FALSE(fs::exists(directory.path() / "deploy/kustomization.yaml"));
}

TEST_CASE("an unknown form is refused with the three that there are") {
  try {
    static_cast<void>(json::Type<deploying::Form>::read("kustomise", "params.deploy[0]"));
    FAIL("it was read");
  } catch (const base::Error& error) {
    const std::string text = error.what();
    for (const auto* name : {"kustomize", "helm-values", "patch"}) CHECK(text.find(name) != std::string::npos);
  }
}

}  // namespace
