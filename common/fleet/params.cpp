#include "fleet/params.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "base/error.hpp"
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

void require_consistent(const PutParams& params) {
  if (params.run_image.empty() && params.rollback.empty()) {
    json::missing_field("params", "run_image",
                        "the base that the fleet is brought to: a reference, or the directory of a get");
  }
  if (params.rollback.empty()) return;
  const auto refuse = [](const char* field, bool given) {
    if (given) {
      json::wrong_value(std::string("params.") + field, "it means nothing beside params.rollback",
                        "leave one of the two out");
    }
  };
  refuse("run_image", !params.run_image.empty());
  refuse("tag", !params.tag.empty());
  refuse("builder", !params.builder.empty());
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
  fields.required("image", &Pin::image, "a pattern as in only");
  fields.required("reason", &Pin::reason, "why the image stays where it is: shown in the table and the report");
}

void describe(json::Fields<PutParams>& fields) {
  fields.optional("run_image", &PutParams::run_image,
                  "the base that the fleet is brought to: a reference, or the directory of a get; required unless "
                  "rollback is given");
  fields.optional(
      "rollback", &PutParams::rollback,
      "the directory of a get of an earlier version of this fleet: every image that was not moved by another "
      "since goes back to what it was then");
  fields.optional("builder", &PutParams::builder,
                  "the builder: a reference, or the directory of a get; images whose buildpacks or launcher are older "
                  "than its are listed as needing a build");
  fields.optional("dry_run", &PutParams::dry_run,
                  "true: says what would happen, how many writes that are, and how long they take at the given rate");
  fields.optional("only", &PutParams::only,
                  "patterns (* and ?) of images, with or without host and tag, as in acme/*: all others are left out");
  fields.optional("exclude", &PutParams::exclude, "patterns of images that are left out");
  fields.optional("limit", &PutParams::limit, "how many images are moved: a number, or a share such as 10%");
  fields.optional("max_failures", &PutParams::max_failures, "the put stops once so many images have failed");
  fields.optional("rate", &PutParams::rate,
                  "writes a minute that each registry gets at most; default: as fast as it goes");
  fields.optional("tag", &PutParams::tag, "another tag that is moved in place of the image's own, for staging");
  fields.optional("pin", &PutParams::pin,
                  "images that stay where they are, each with the reason; the image's label "
                  "io.build-service.fleet.pin does the same");
  fields.optional("fail_on", &PutParams::fail_on,
                  "what makes the put an error, once the record was written: failed, not-rebasable, needs-build, "
                  "added-packages, removed-packages");
}

PutParams read_put_params(const json::Value& value) {
  auto params = json::read<PutParams>(value, "params");
  require_consistent(params);
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
  return params;
}

void describe(json::Fields<InParams>& /*fields*/) {}

}  // namespace fleet

namespace json {
namespace {

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

fleet::FailOn Type<fleet::FailOn>::read(const Value& value, const std::string& path) {
  return read_choice(value, path, failures);
}
Value Type<fleet::FailOn>::schema() { return choice_schema(failures); }

}  // namespace json
