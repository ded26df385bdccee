#include "fleet/params.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "base/error.hpp"
#include "fleet/params_fit.hpp"
#include "kpack/duration.hpp"
#include "registry/reference.hpp"

namespace fleet {
namespace {

// Globs that match nothing because they are empty would silently select nothing.
void require_globs(const std::vector<std::string>& globs, const char* field) {
  for (std::size_t i = 0; i < globs.size(); ++i) {
    if (globs[i].empty()) {
      json::wrong_value(fmt::format("params.{}[{}]", field, i), "an empty pattern matches no image",
                        "name images, as in acme/*");
    }
  }
}

std::chrono::seconds read_timeout(const std::string& text) {
  const auto timeout = kpack::parse_duration(text.empty() ? "1h" : text);
  if (!timeout) {
    json::wrong_value("params.timeout", fmt::format("\"{}\" is not a duration", base::printable(text, 64)),
                      "give hours, minutes and seconds, as in 1h30m");
  }
  return *timeout;
}

}  // namespace

std::size_t Limit::of(std::size_t candidates) const {
  switch (unit) {
    case Unit::images:
      return std::min<std::size_t>(candidates, value);
    case Unit::percent:
      return std::min<std::size_t>(candidates, (candidates * value + 99) / 100);
  }
  return candidates;
}

void describe(json::Fields<Pin>& fields) {
  fields.required("image", &Pin::image, "a pattern as in `only`");
  fields.required("reason", &Pin::reason, "why the image stays where it is: shown in the table and the report");
}

void describe(json::Fields<BuildpackFields>& fields) {
  fields.required("id", &BuildpackFields::id, "the buildpack's id");
  fields.optional("version", &BuildpackFields::version, "its version. Default: the newest that the store has");
  fields.optional("optional", &BuildpackFields::optional, "take the group without it, too. Default: false");
}

void describe(json::Fields<GroupFields>& fields) {
  fields.required("group", &GroupFields::group, "buildpacks that are detected together");
}

void describe(json::Fields<PutParams>& fields) {
  fields.optional("run_image", &PutParams::run_image,
                  "the base that the fleet is brought to: the directory of a get, or a reference. Required unless "
                  "`rollback` is given. With a `cluster_stack`: the run image that it is set to");
  fields.optional("rollback", &PutParams::rollback,
                  "the directory of a get of an earlier version of this fleet. Every image that was not moved by "
                  "another since goes back to what it was then");
  fields.optional(
      "builder", &PutParams::builder,
      "the builder: the directory of a get, or a reference. Images whose buildpacks or launcher are older than the "
      "builder's are listed as needing a build. With a `cluster_builder`: what its order is taken from");
  fields.optional("only", &PutParams::only,
                  "list of patterns (`*` and `?`) of images, with or without host and tag. All others are left out. "
                  "Example: `[acme/*]`");
  fields.optional("exclude", &PutParams::exclude, "list of patterns of images that are left out");
  fields.optional("limit", &PutParams::limit,
                  "how many images are moved: a number, or a share such as `10%`. The next put goes on with the rest");
  fields.optional("max_failures", &PutParams::max_failures, "stop once this number of images has failed");
  fields.optional("rate", &PutParams::rate,
                  "the number of writes a minute that each registry gets at most. Default: as fast as it goes");
  fields.optional("tag", &PutParams::tag, "another tag that is moved in place of the image's own, for staging");
  fields.optional("pin", &PutParams::pin,
                  "list of images that stay where they are, each with the reason. The label "
                  "`io.build-service.fleet.pin` of an image does the same");
  fields.optional(
      "dry_run", &PutParams::dry_run,
      "say what would happen, how many writes that takes, and how long they last at `rate`. Default: false");
  fields.optional("fail_on", &PutParams::fail_on,
                  "list of what makes the put an error once the record is written: `failed`, `not-rebasable`, "
                  "`needs-build`, `added-packages`, `removed-packages`");
  fields.optional("build_image", &PutParams::build_image, "with a `cluster_stack`: the build image that it is set to");
  fields.optional(
      "buildpackages", &PutParams::buildpackages,
      "with a `cluster_store`: list of buildpackages that are added to it, each a reference or the directory of a get");
  fields.optional("order", &PutParams::order, "with a `cluster_builder`: its order, as kpack has it");
  fields.optional("stack", &PutParams::stack, "with a `cluster_builder`: the name of another ClusterStack");
  fields.optional("store", &PutParams::store, "with a `cluster_builder`: the name of another ClusterStore");
  fields.optional("trigger_failed", &PutParams::trigger_failed,
                  "with a fleet that kpack builds: build Images once more whose last build failed. kpack by itself "
                  "takes no new stack or buildpack to them. Default: false");
  fields.optional("timeout", &PutParams::timeout,
                  "with a fleet that kpack builds: how long the builds are waited for, as in `45m`. Default: `1h`");
}

PutParams read_put_params(const json::Value& value, const Source& source) {
  auto params = json::read<PutParams>(value, "params");
  require_fit(params, source);
  require_globs(params.only, "only");
  require_globs(params.exclude, "exclude");
  if (params.max_failures == 0U) {
    json::wrong_value("params.max_failures", "the put would stop before its first image", "at least 1");
  }
  if (params.rate == 0U) json::wrong_value("params.rate", "nothing could be written", "at least 1");
  if (!params.tag.empty() && !registry::is_tag(params.tag)) {
    json::wrong_value("params.tag", fmt::format("\"{}\" is not a tag", base::printable(params.tag)),
                      "a tag has letters, digits, _, . and -, at most 128");
  }
  params.waits = read_timeout(params.timeout);
  return params;
}

void describe(json::Fields<InParams>& fields) {
  fields.optional("deploy", &InParams::deploy,
                  "list of files for deployers, written to `deploy/`. `kustomize`: `kustomization.yaml`, a component "
                  "that sets the digests of all images that the put moved. Default: none");
}

}  // namespace fleet

namespace json {
namespace {

const Choices<fleet::DeployForm> deploy_forms{{"kustomize", fleet::DeployForm::kustomize}};
const Choices<fleet::FailOn> failures{{"failed", fleet::FailOn::failed},
                                      {"not-rebasable", fleet::FailOn::not_rebasable},
                                      {"needs-build", fleet::FailOn::needs_build},
                                      {"added-packages", fleet::FailOn::added_packages},
                                      {"removed-packages", fleet::FailOn::removed_packages}};

}  // namespace

fleet::Limit Type<fleet::Limit>::read(const Value& value, const std::string& path) {
  std::string text = value.is_number_unsigned() ? std::to_string(value.get<std::uint64_t>()) : "";
  if (value.is_string()) text = value.get<std::string>();
  if (text.empty()) wrong_type(path, "a whole number, or a share such as 10%", value);
  fleet::Limit result;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result.value);
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (rest == "%") result.unit = fleet::Limit::Unit::percent;
  const bool known = error == std::errc() && (rest.empty() || rest == "%") && result.value > 0;
  if (!known || (rest == "%" && result.value > 100)) {
    wrong_value(path, "\"" + base::printable(text, 64) + "\" is neither a number of images nor a share of them",
                "5 or 10%");
  }
  return result;
}
Value Type<fleet::Limit>::schema() {
  return {{"anyOf", {{{"type", "integer"}, {"minimum", 1}}, {{"type", "string"}, {"pattern", "^[0-9]+%?$"}}}}};
}

fleet::DeployForm Type<fleet::DeployForm>::read(const Value& value, const std::string& path) {
  return read_choice(value, path, deploy_forms);
}
Value Type<fleet::DeployForm>::schema() { return choice_schema(deploy_forms); }

fleet::FailOn Type<fleet::FailOn>::read(const Value& value, const std::string& path) {
  return read_choice(value, path, failures);
}
Value Type<fleet::FailOn>::schema() { return choice_schema(failures); }

}  // namespace json
