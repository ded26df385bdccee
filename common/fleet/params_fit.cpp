#include "fleet/params_fit.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "kubernetes/names.hpp"

namespace fleet {
namespace {

using kpack::TargetKind;

// A param, whether it was given, and of which target it is; nothing: of images in registries.
struct Given {
  const char* field;
  bool is_given;
  std::vector<TargetKind> kinds;
};

std::vector<Given> settings_in(const PutParams& params) {
  return {{"run_image", !params.run_image.empty(), {TargetKind::stack}},
          {"build_image", !params.build_image.empty(), {TargetKind::stack}},
          {"buildpackages", !params.buildpackages.empty(), {TargetKind::store}},
          {"builder", !params.builder.empty(), {TargetKind::builder}},
          {"order", !params.order.empty(), {TargetKind::builder}},
          {"stack", !params.stack.empty(), {TargetKind::builder}},
          {"store", !params.store.empty(), {TargetKind::builder}}};
}

const char* field_of(TargetKind kind) {
  switch (kind) {
    case TargetKind::stack:
      return "cluster_stack";
    case TargetKind::store:
      return "cluster_store";
    case TargetKind::builder:
      return "cluster_builder";
  }
  return "";
}

void refuse(const char* field, bool is_given, const char* cause, const char* remedy) {
  if (is_given) json::wrong_value(std::string("params.") + field, cause, remedy);
}

// What kpack does all at once, and nobody can hold back.
void refuse_what_kpack_cannot(const PutParams& params) {
  const char* at_once = "kpack rebuilds all Images of a builder at once";
  refuse("limit", params.limit.has_value(), at_once, "give the canary's Images a builder and a fleet of their own");
  refuse("max_failures", params.max_failures.has_value(), at_once,
         "set fail_on: [failed], and rollback after a failure");
  refuse("rate", params.rate.has_value(), "kpack writes to the registries", "bound kpack's own concurrency");
  refuse("tag", !params.tag.empty(), "kpack moves the Image's own tag", "make Images with other tags for staging");
  refuse("pin", !params.pin.empty(), at_once,
         "give the Image a builder of its own, which this fleet does not stand on");
  for (const auto wanted : params.fail_on) {
    const bool is_other = wanted == FailOn::not_rebasable || wanted == FailOn::needs_build;
    refuse("fail_on", is_other, "kpack builds what it cannot rebase", "failed, added-packages, removed-packages");
  }
}

void require_setting(const PutParams& params, TargetKind kind) {
  bool is_any = !params.rollback.empty();
  std::string usable;
  for (const auto& [field, is_given, kinds] : settings_in(params)) {
    const bool fits = std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
    if (is_given && !fits) {
      json::wrong_value(
          std::string("params.") + field,
          fmt::format("it is of a {}, and the fleet stands on a {}", field_of(kinds.front()), field_of(kind)),
          fmt::format("make a resource with source.fleet.{} for it", field_of(kinds.front())));
    }
    is_any = is_any || is_given;
    if (fits) usable += fmt::format("{}{}", usable.empty() ? "" : ", ", field);
  }
  if (is_any) return;
  json::wrong_value("params", fmt::format("nothing says what the {} is set to", field_of(kind)),
                    fmt::format("give {} or rollback", usable));
}

void require_fit_of_kpack(const PutParams& params, TargetKind kind) {
  refuse_what_kpack_cannot(params);
  require_setting(params, kind);
  refuse("builder", !params.builder.empty() && !params.order.empty(), "order is given, too",
         "leave one of the two out");
  if (!params.stack.empty()) kubernetes::require_dns_subdomain(params.stack, "params.stack");
  if (!params.store.empty()) kubernetes::require_dns_subdomain(params.store, "params.store");
}

void require_fit_of_registries(const PutParams& params) {
  const char* cause = "it is of a fleet that kpack builds";
  const char* remedy = "leave it out, or set source.fleet.cluster_stack, cluster_store or cluster_builder";
  for (const auto& [field, is_given, kinds] : settings_in(params)) {
    const std::string_view name = field;
    refuse(field, is_given && name != "run_image" && name != "builder", cause, remedy);
  }
  refuse("trigger_failed", params.trigger_failed, cause, remedy);
  refuse("timeout", !params.timeout.empty(), cause, remedy);
  if (params.run_image.empty() && params.rollback.empty()) {
    json::missing_field("params", "run_image",
                        "the base that the fleet is brought to: a reference, or the directory of a get");
  }
}

}  // namespace

void require_fit(const PutParams& params, const Source& source) {
  if (source.kpack) {
    require_fit_of_kpack(params, source.kpack->target.kind);
  } else {
    require_fit_of_registries(params);
  }
  if (params.rollback.empty()) return;
  const char* cause = "it means nothing beside params.rollback";
  const char* remedy = "leave one of the two out";
  for (const auto& [field, is_given, kinds] : settings_in(params)) refuse(field, is_given, cause, remedy);
  refuse("tag", !params.tag.empty(), cause, remedy);
}

}  // namespace fleet
