#include "deploying/files.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "json/choices.hpp"
#include "json/value.hpp"

namespace deploying {
namespace {

// A JSON text is a double-quoted scalar of YAML: a tag like 1.10 or null stays a text, and nothing ends it early.
std::string quoted(const std::string& text) { return json::dump(json::Value(text)); }

std::string by_digest(const Image& image) { return fmt::format("{}@{}", image.repository, image.digest); }

std::string document(Form form, const Image& image) {
  switch (form) {
    case Form::kustomize:
      return kustomization({image});
    case Form::helm_values:
      return helm_values(image);
    case Form::patch:
      return patch(image);
  }
  return {};
}

const char* name_of(Form form) {
  switch (form) {
    case Form::kustomize:
      return "kustomization.yaml";
    case Form::helm_values:
      return "helm-values.yaml";
    case Form::patch:
      return "patch.yaml";
  }
  return "";
}

}  // namespace

// A component, because a kustomization's transformers reach its own resources alone and those of a component reach all
// of whoever names it.
std::string kustomization(const std::vector<Image>& images) {
  std::string result =
      "# To be named in `components:` of a kustomization: it sets the digest wherever this image runs.\n"
      "apiVersion: kustomize.config.k8s.io/v1alpha1\n"
      "kind: Component\n";
  result += images.empty() ? "images: []\n" : "images:\n";
  for (const auto& image : images) {
    result += fmt::format("- name: {}\n  newName: {}\n  digest: {}\n", quoted(image.repository),
                          quoted(image.repository), quoted(image.digest));
  }
  return result;
}

// Charts that put a registry before the repository find an empty one; the repository has its host.
std::string helm_values(const Image& image) {
  return fmt::format(
      "# helm upgrade --values deploy/helm-values.yaml; for a chart that knows tags alone, see docs/deploying.md.\n"
      "image:\n"
      "  registry: \"\"\n"
      "  repository: {}\n"
      "  tag: {}\n"
      "  digest: {}\n",
      quoted(image.repository), quoted(image.tag), quoted(image.digest));
}

// Of the first container, by its place: a strategic merge patch would need its name, and would add a second container
// where the name is another.
std::string patch(const Image& image) {
  return fmt::format(
      "# kubectl patch deployment/NAME --type=json --patch-file=deploy/patch.yaml: sets the image of the first "
      "container\n"
      "# of a Deployment, StatefulSet or DaemonSet.\n"
      "- op: replace\n"
      "  path: /spec/template/spec/containers/0/image\n"
      "  value: {}\n",
      quoted(by_digest(image)));
}

void write_files(const std::vector<Form>& forms, const Image& image, const std::filesystem::path& destination) {
  for (const auto form : forms) write_file(destination, name_of(form), document(form, image));
}

void write_file(const std::filesystem::path& destination, const std::string& name, const std::string& text) {
  const auto directory = destination / "deploy";
  std::error_code code;
  std::filesystem::create_directory(directory, code);
  if (code) throw base::system_error("create directory", directory.string(), code.value());
  base::write_file(directory / name, text);
}

}  // namespace deploying

namespace json {
namespace {

const Choices<deploying::Form> forms{{"kustomize", deploying::Form::kustomize},
                                     {"helm-values", deploying::Form::helm_values},
                                     {"patch", deploying::Form::patch}};

}  // namespace

deploying::Form Type<deploying::Form>::read(const Value& value, const std::string& path) {
  return read_choice(value, path, forms);
}
Value Type<deploying::Form>::schema() { return choice_schema(forms); }

}  // namespace json
