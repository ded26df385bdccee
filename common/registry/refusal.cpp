#include "registry/refusal.hpp"

#include <fmt/format.h>

#include "http/status.hpp"
#include "json/value.hpp"

namespace registry {

Refusal parse_refusal(std::string_view body) {
  try {
    const json::Value value = json::parse(body, "an error");
    const auto* errors = json::find(value, "errors");
    if (errors == nullptr || !errors->is_array() || errors->empty()) {
      return {"", base::printable(json::text_or(value, "details"), 256)};
    }
    const std::string code = json::text_or(errors->front(), "code");
    const std::string message = json::text_or(errors->front(), "message");
    const std::string text = code + (code.empty() || message.empty() ? "" : ": ") + message;
    return {base::printable(code, 64), base::printable(text, 256)};
  } catch (const base::Error&) {
    return {};  // A proxy's HTML says nothing that the status does not.
  }
}

base::Error refusal_error(const HostOptions& host, const std::string& action, const std::string& object,
                          const http::Response& response) {
  std::string remedy;
  if (response.status == 401 || response.status == 403) {
    remedy = host.credentials ? fmt::format("check username and password in {} and what they may do", host.named_by)
                              : fmt::format("give username and password in {}", host.named_by);
  }
  const auto said = parse_refusal(response.body);
  return http::status_error(action, object, response, said.detail, std::move(remedy))
      .answered(response.status, said.code);
}

}  // namespace registry
