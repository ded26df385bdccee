#include "registry/refusal.hpp"

#include <fmt/format.h>

#include "clouds/ecr_host.hpp"
#include "http/status.hpp"
#include "json/value.hpp"

namespace registry {

namespace {

std::string wanted_fields(const std::string& host) {
  if (clouds::parse_ecr_host(host)) return "aws_access_key_id, aws_secret_access_key and aws_region";
  return host.ends_with(".azurecr.io") ? "username and password, or azure_acr: true," : "username and password";
}

}  // namespace

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
    remedy = host.credentials ? fmt::format("check {} in {} and what they may do", host.login_fields, host.named_by)
                              : fmt::format("give {} in {}", wanted_fields(host.host), host.named_by);
  }
  if (response.status == 404)
    remedy = "check the repository's name: some registries answer so to whom it is closed, too";
  const auto said = parse_refusal(response.body);
  return http::status_error(action, object, response, said.detail, std::move(remedy))
      .answered(response.status, said.code);
}

}  // namespace registry
