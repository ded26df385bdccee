#include "kubernetes/refusal.hpp"

#include <fmt/format.h>

#include "base/base64.hpp"
#include "http/status.hpp"
#include "json/value.hpp"
#include "kubernetes/answer.hpp"

namespace kubernetes {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::string_view token_remedy = "make a new one: kubectl create token build-service --duration 8760h";

ErrorKind kind_of(int status) {
  if (status == 401 || status == 403) return ErrorKind::denied;
  if (status == 404) return ErrorKind::not_found;
  if (status == 408 || status == 429 || status >= 500) return ErrorKind::transient;
  // What the cluster does not take is the pipeline's to mend.
  if (status == 400 || status == 413 || status == 422) return ErrorKind::usage;
  return ErrorKind::protocol;
}

// The text between two others, or nothing.
std::string between(std::string_view text, std::string_view before, std::string_view after) {
  const auto begin = text.find(before);
  if (begin == std::string_view::npos) return "";
  text.remove_prefix(begin + before.size());
  const auto end = text.find(after);
  return end == std::string_view::npos ? "" : std::string(text.substr(0, end));
}

std::string full_resource(const Action& action) {
  return action.subresource.empty() ? std::string(action.resource.plural)
                                    : fmt::format("{}/{}", action.resource.plural, action.subresource);
}

// A quota and an admission webhook forbid with the same reason; only the authorizer says "cannot <verb> resource".
bool is_missing_right(const Status& status) { return status.message.find(" cannot ") != std::string::npos; }

base::Report missing_right(const Action& action, const Status& status) {
  const auto user = between(status.message, "User \"", "\"");
  const auto place = action.space.empty() ? "a ClusterRole" : fmt::format("a Role in namespace {}", action.space);
  return action.report(fmt::format("{} has no right to {} {}{}", user.empty() ? "the user" : base::printable(user, 128),
                                   name_of(action.verb), full_resource(action),
                                   action.resource.group.empty() ? "" : fmt::format(" of {}", action.resource.group)),
                       fmt::format("grant it by {}: {{apiGroups: [\"{}\"], resources: [{}], verbs: [{}]}}", place,
                                   action.resource.group, full_resource(action), name_of(action.verb)));
}

base::Report wrong_credentials(const Action& action, const Caller& caller, base::WallTime now) {
  if (caller.token_end && *caller.token_end <= now) {
    return action.report(
        fmt::format("the token of {} has expired at {}", caller.named_by, base::rfc3339(*caller.token_end)),
        std::string(token_remedy));
  }
  return action.report(fmt::format("the cluster does not accept the credentials of {}", caller.named_by),
                       "check its token or certificate; a token: kubectl create token build-service --duration 8760h");
}

base::Report not_there(const Action& action, const Status& status) {
  if (status.names_object || !action.name.empty()) return action.report("it does not exist");
  return action.report(base::printable(status.message));
}

}  // namespace

std::string_view name_of(Verb verb) {
  switch (verb) {
    case Verb::get:
      return "get";
    case Verb::list:
      return "list";
    case Verb::watch:
      return "watch";
    case Verb::create:
      return "create";
    case Verb::patch:
      return "patch";
  }
  return "";
}

base::Report Action::report(std::string cause, std::string remedy) const {
  auto object = fmt::format("{}{}{}", described(resource), name.empty() ? "" : " ", name);
  if (!subresource.empty()) object = fmt::format("the {} of {}", subresource, object);
  if (!space.empty()) object += " in namespace " + space;
  return {std::string(name_of(verb)), std::move(object), std::move(cause), std::move(remedy)};
}

Status read_status(const json::Value& status) {
  Status result;
  if (const auto* code = json::find(status, "code"); code != nullptr && code->is_number_integer()) {
    result.code = code->get<int>();
  }
  result.reason = json::text_or(status, "reason");
  result.message = json::text_or(status, "message");
  if (const auto* details = json::find(status, "details")) {
    result.names_object = !json::text_or(*details, "name").empty();
  }
  return result;
}

std::optional<Status> parse_status(std::string_view text) {
  try {
    const auto value = parse_answer(text, "a Status");
    if (json::text_or(value, "kind") != "Status") return std::nullopt;
    return read_status(value);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<base::WallTime> end_of_token(const base::Secret& token) {
  const auto text = token.reveal();
  const auto first = text.find('.');
  const auto second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto payload = base::decode_base64(text.substr(first + 1, second - first - 1));
  if (!payload) return std::nullopt;
  try {
    const auto claims = parse_answer(*payload, "a token");
    const auto* end = json::find(claims, "exp");
    if (end == nullptr || !end->is_number_integer()) return std::nullopt;
    return base::WallTime(std::chrono::seconds(end->get<std::int64_t>()));
  } catch (const Error&) {
    return std::nullopt;
  }
}

Error refusal(const Action& action, const Status& status, const Caller& caller, base::WallTime now) {
  const auto made = [&](base::Report report) {
    return Error(kind_of(status.code), std::move(report)).answered(status.code, status.reason);
  };
  if (status.code == 401) return made(wrong_credentials(action, caller, now));
  if (status.code == 403 && is_missing_right(status)) return made(missing_right(action, status));
  if (status.code == 404) return made(not_there(action, status));
  const auto cause =
      status.message.empty() ? fmt::format("HTTP status {} {}", status.code, status.reason) : status.message;
  return made(action.report(cause));
}

Error refusal(const Action& action, const http::Response& response, const Caller& caller, base::WallTime now) {
  auto status = parse_status(response.body);
  if (status) {
    status->code = response.status;
    return refusal(action, *status, caller, now);
  }
  const std::string remedy = fmt::format("check the server of {}", caller.named_by);
  if (response.status >= 300 && response.status < 400) {
    return Error(ErrorKind::protocol,
                 action.report("the server answers with a redirect: it is not a Kubernetes API", remedy))
        .answered(response.status);
  }
  if (is_html(response)) {
    return Error(kind_of(response.status),
                 action.report(fmt::format("the server answers HTML (HTTP status {}): it is not a Kubernetes API",
                                           response.status),
                               remedy))
        .answered(response.status);
  }
  // Proxies, and a kube-apiserver for a path it does not know, answer plain text.
  Status plain{response.status, "", response.body.substr(0, response.body.find('\n')), false};
  return refusal(action, plain, caller, now);
}

}  // namespace kubernetes
