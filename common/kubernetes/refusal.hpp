// What a cluster refuses, as errors for people: from a Status object (kubernetes.io, API conventions, "Response Status
// Kind"), or from what else stands in its place. An Error keeps the HTTP status and the Status' reason.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "http/message.hpp"
#include "json/value.hpp"
#include "kubernetes/resource.hpp"

namespace kubernetes {

enum class Verb { get, list, watch, create, patch };
[[nodiscard]] std::string_view name_of(Verb verb);

// What was asked for.
struct Action {
  Verb verb{};
  Resource resource;
  std::string space;
  std::string name;         // empty: all, or a new one
  std::string subresource;  // "log"

  // "get images (kpack.io) app in namespace apps"
  [[nodiscard]] base::Report report(std::string cause, std::string remedy = "") const;
};

struct Status {
  int code = 0;
  std::string reason;         // "Forbidden", "NotFound", "AlreadyExists", "Conflict", "Expired", "Invalid"
  std::string message;        // as the server says it
  bool names_object = false;  // a NotFound of an object, and not of a whole kind
};

// Nothing when the text is not a Status.
[[nodiscard]] std::optional<Status> parse_status(std::string_view text);
[[nodiscard]] Status read_status(const json::Value& status);

// Who asks, for remedies.
struct Caller {
  std::string named_by;                     // "source.kubeconfig"
  std::optional<base::WallTime> token_end;  // of a token that says it
};

// The end of a JSON Web Token (RFC 7519, "exp"); nothing when the token is of another kind or says none. The token is
// not verified: that is the cluster's part.
[[nodiscard]] std::optional<base::WallTime> end_of_token(const base::Secret& token);

[[nodiscard]] base::Error refusal(const Action& action, const http::Response& response, const Caller& caller,
                                  base::WallTime now);
[[nodiscard]] base::Error refusal(const Action& action, const Status& status, const Caller& caller, base::WallTime now);

}  // namespace kubernetes
