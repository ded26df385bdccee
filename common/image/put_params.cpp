#include "image/put_params.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "lifecycle/prepare.hpp"

namespace image {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr std::size_t longest_line = 4096;

std::string first_line(const fs::path& file) {
  auto text = base::read_file_if_exists(file, longest_line).value_or("");
  return text.substr(0, text.find_first_of("\r\n"));
}

}  // namespace

void describe(json::Fields<PutParams>& fields) {
  fields.optional("source", &PutParams::source,
                  "directory with the application's source, below the inputs; required unless rebase is only");
  fields.optional("run_image", &PutParams::run_image,
                  "the base of the image: a reference, or the directory of a get; default: the builder's run.toml");
  fields.optional("env", &PutParams::env, "variables that the buildpacks see (BP_...)");
  fields.optional("process", &PutParams::process,
                  "process type that starts by default; default: the buildpacks' choice");
  fields.optional("additional_tags", &PutParams::additional_tags, "tags that are set beside source.tag");
  fields.optional("labels", &PutParams::labels, "labels of the image");
  fields.optional("project", &PutParams::project, "the project descriptor, below source; default project.toml");
  fields.optional("rebase", &PutParams::rebase,
                  "what happens where the run image alone has changed: auto (a rebase where that can be, else a build; "
                  "the default), never (a build), only (a rebase or an error; no source is needed)");
  fields.optional("force", &PutParams::force,
                  "true: builds though nothing has changed; with rebase: only, on any base");
  fields.optional("clear_cache", &PutParams::clear_cache, "true: builds as if there were no cache and no last image");
  fields.refused("image", "put builds params.source; to push a ready image use the registry-image resource");
}

PutParams read_put_params(const json::Value& value) {
  auto params = json::read<PutParams>(value, "params");
  if (params.source.empty() && params.rebase != Rebase::only) {
    json::missing_field("params", "source", "directory with the application's source, below the inputs");
  }
  if (params.rebase == Rebase::only && (!params.source.empty() || !params.env.empty())) {
    json::wrong_value("params.rebase", "a rebase alone reads no source and no env", "leave them out, or set auto");
  }
  for (const auto& [name, text] : params.env) {
    if (const auto flaw = lifecycle::flaw_of_variable(name, text)) json::wrong_value("params.env." + name, *flaw);
  }
  for (std::size_t i = 0; i < params.additional_tags.size(); ++i) {
    if (!registry::is_tag(params.additional_tags[i])) {
      json::wrong_value(fmt::format("params.additional_tags[{}]", i),
                        fmt::format("\"{}\" is no tag", base::printable(params.additional_tags[i])),
                        "a tag has letters, digits, _, . and -, at most 128");
    }
  }
  for (const auto& [name, text] : params.labels) {
    if (name.empty()) json::wrong_value("params.labels", "a label needs a name");
    if (name.starts_with("io.buildpacks.")) {
      json::wrong_value("params.labels." + name, "labels io.buildpacks.* are the lifecycle's own");
    }
  }
  return params;
}

fs::path directory_below(const fs::path& sources, const std::string& path, const std::string& field) {
  const fs::path relative(path);
  const auto fail = [&](const char* cause, std::string remedy) {
    throw Error(ErrorKind::usage, {"use " + field, path, cause, std::move(remedy)});
  };
  if (path.empty() || relative.is_absolute())
    fail("it is no path below the inputs", "name an input of the put, as in " + field + ": app");
  std::error_code error;
  const auto root = fs::canonical(sources, error);
  if (error) throw base::system_error("read", sources.string(), error.value());
  const auto found = fs::canonical(root / relative, error);
  if (error) fail("there is no such directory", "check the put's inputs");
  const auto inside = found.lexically_relative(root);
  if (inside.empty() || *inside.begin() == "..") fail("it leaves the inputs", "name an input of the put");
  if (!fs::is_directory(found)) fail("it is no directory", "name the directory that holds the source");
  return found;
}

std::optional<registry::Reference> named_run_image(const fs::path& sources, const std::string& run_image) {
  if (run_image.empty()) return std::nullopt;
  std::error_code error;
  const fs::path relative(run_image);
  if (relative.is_absolute() || !fs::is_directory(sources / relative, error)) {
    return registry::Reference::parse(run_image, "params.run_image");
  }
  const auto directory = directory_below(sources, run_image, "params.run_image");
  auto text = first_line(directory / "image");
  if (text.empty()) {
    const auto repository = first_line(directory / "repository");
    const auto digest = first_line(directory / "digest");
    if (!repository.empty() && !digest.empty()) text = repository + "@" + digest;
  }
  if (text.empty()) {
    throw Error(ErrorKind::usage,
                {"use params.run_image", run_image, "the directory has no file image, nor repository and digest",
                 "name the directory of a get of an image"});
  }
  return registry::Reference::parse(text, "params.run_image (" + run_image + "/image)");
}

}  // namespace image

namespace json {
namespace {

const Choices<image::Rebase> rebases{
    {"auto", image::Rebase::automatic}, {"never", image::Rebase::never}, {"only", image::Rebase::only}};

}  // namespace

// Also true and false, as one who only wants to switch it off would write.
image::Rebase Type<image::Rebase>::read(const Value& value, const std::string& path) {
  if (value.is_boolean()) return value.get<bool>() ? image::Rebase::automatic : image::Rebase::never;
  return read_choice(value, path, rebases);
}
Value Type<image::Rebase>::schema() { return {{"anyOf", {choice_schema(rebases), {{"type", "boolean"}}}}}; }

}  // namespace json
