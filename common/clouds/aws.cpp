#include "clouds/aws.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "clouds/ecr_host.hpp"
#include "clouds/machine_keys.hpp"
#include "clouds/oauth.hpp"
#include "clouds/xml.hpp"
#include "http/status.hpp"
#include "json/value.hpp"

namespace clouds {
namespace {

using base::Error;
using base::ErrorKind;
using std::chrono::seconds;

constexpr std::uint64_t largest_answer = 256UL << 10U;
constexpr std::int64_t longest_life = 12L * 3600;
constexpr std::string_view public_region = "us-east-1";  // the one that ECR Public has its API in

// Who asks: keys, and what to say of them.
struct Identity {
  AwsKeys keys;
  std::string name;
  std::string id_field;
  std::string secret_field;
  std::string session_field;
};

std::string region_of(const EcrLogin& login) {
  return login.registry == EcrLogin::Registry::open ? std::string(public_region) : login.region;
}
std::string sts_host(const EcrLogin& login) {
  const auto region = region_of(login);
  return fmt::format("sts.{}.{}", region, aws_domain(region));
}
std::string api_host(const EcrLogin& login) {
  const auto region = region_of(login);
  const auto* service = login.registry == EcrLogin::Registry::open ? "ecr-public" : "ecr";
  return fmt::format("api.{}.{}.{}", service, region, aws_domain(region));
}
std::string object_of(const EcrLogin& login) {
  return login.registry == EcrLogin::Registry::open ? "ECR Public" : "ECR in " + login.region;
}

Identity first_identity(const EcrLogin& login, const Access& access) {
  const auto field = [&](const char* name) { return fmt::format("{}.{}", login.named_by, name); };
  if (login.keys) {
    return {*login.keys, "the key " + login.keys->id, field("aws_access_key_id"), field("aws_secret_access_key"),
            field("aws_session_token")};
  }
  const auto id = access.environment.get_or("AWS_ACCESS_KEY_ID", "");
  const auto secret = access.environment.get_or("AWS_SECRET_ACCESS_KEY", "");
  if (!id.empty() && !secret.empty()) {
    return {{id, base::Secret(secret), base::Secret(access.environment.get_or("AWS_SESSION_TOKEN", ""))},
            "the key " + id,
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN"};
  }
  const std::string role = "the role of the worker's machine";
  return {machine_keys(access, login.named_by), role, role, role, role};
}

// "ExpiredTokenException" of ECR, "ExpiredToken" of STS.
bool is_code(std::string_view code, std::string_view name) { return code.substr(0, code.find("Exception")) == name; }

std::string remedy_of(std::string_view code, const Identity& who, const std::string& wanted) {
  if (is_code(code, "ExpiredToken")) return "give a new " + who.session_field + ", or keys that last";
  if (is_code(code, "InvalidClientTokenId") || is_code(code, "UnrecognizedClient")) return "check " + who.id_field;
  if (is_code(code, "SignatureDoesNotMatch") || is_code(code, "InvalidSignature")) return "check " + who.secret_field;
  return fmt::format("allow {} to {}", who.name, wanted);
}

// What is asked of one API, by whom.
struct Question {
  const EcrLogin& login;
  const Identity& who;
  std::string host;
  std::string service;
  Asked asked;
  std::string wanted;  // the permission that it needs
};

[[noreturn]] void refuse(const Question& question, const http::Response& response, const std::string& code,
                         const std::string& message) {
  if (code.empty() || response.status >= 500) {
    throw http::status_error(question.asked.action, question.asked.object, response, question.host);
  }
  auto asked = question.asked;
  asked.remedy = remedy_of(code, question.who, question.wanted);
  // Below its first line a refused signature repeats the request, and with it the session token.
  const auto line = message.substr(0, message.find('\n'));
  const auto said = line.empty() ? code : fmt::format("{}: {}", code, line);
  throw refusal(response, said, asked);
}

http::Response ask(const Question& question, http::Request request, std::string body, const Access& access) {
  request.url = *http::Url::parse(fmt::format("https://{}/", question.host));
  request.body_limit = largest_answer;
  sign(request, std::move(body), question.who.keys, {region_of(question.login), question.service}, access.clock.now());
  try {
    auto response = access.api.send(request);
    response.url = request.url;  // nothing is followed
    return response;
  } catch (const http::Unreachable& error) {
    const bool is_unknown = error.reason() == http::Unreachable::Reason::unknown_name;
    throw Error(
        is_unknown ? ErrorKind::usage : ErrorKind::transient,
        {question.asked.action, question.asked.object, error.report().cause,
         fmt::format("check {}.aws_region, and that the worker reaches {}", question.login.named_by, question.host)});
  }
}

// AssumeRole (STS API Reference). The session is named after this program and the time, which CloudTrail shows.
Identity assume(const EcrLogin& login, const Identity& who, const std::string& role, const Access& access) {
  const auto now = access.clock.now();
  const Question question{login,
                          who,
                          sts_host(login),
                          "sts",
                          {"assume the role", role, "", now},
                          fmt::format("assume it (sts:AssumeRole, and the trust policy of {})", role)};
  std::string form;
  add_to_form(form, "Action", "AssumeRole");
  add_to_form(form, "DurationSeconds", "900");
  add_to_form(form, "RoleArn", role);
  add_to_form(form, "RoleSessionName", fmt::format("build-service-{}", now.time_since_epoch().count()));
  add_to_form(form, "Version", "2011-06-15");
  http::Request request;
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  const auto response = ask(question, std::move(request), std::move(form), access);
  if (!response.ok()) {
    refuse(question, response, xml_text(response.body, "Code").value_or(""),
           xml_text(response.body, "Message").value_or(""));
  }
  const auto text = [&](std::string_view name) { return xml_text(response.body, name).value_or(""); };
  AwsKeys keys{text("AccessKeyId"), base::Secret(text("SecretAccessKey")), base::Secret(text("SessionToken"))};
  if (keys.id.empty() || keys.secret.empty() || keys.session_token.empty()) {
    throw Error(ErrorKind::protocol,
                {question.asked.action, role, "the answer of " + question.host + " has no keys", ""});
  }
  const auto name = "the role " + role;
  return {std::move(keys), name, name, name, name};
}

// "com.amazon.coral.service#UnrecognizedClientException" is UnrecognizedClientException.
std::pair<std::string, std::string> json_error(const http::Response& response) {
  try {
    const auto document = json::parse(response.body, "an error");
    const auto type = json::text_or(document, "__type");
    const auto message = json::text_or(document, "message", json::text_or(document, "Message"));
    return {type.substr(type.find('#') + 1), message};
  } catch (const Error&) {
    return {};
  }
}

// "authorizationData" is a list in ECR and an object in ECR Public.
RegistryLogin read_authorization(const http::Response& response, const Question& question, base::WallTime now) {
  const auto document = json::parse(response.body, "the answer of " + question.host);
  const auto* data = json::find(document, "authorizationData");
  if (data != nullptr && data->is_array()) data = data->empty() ? nullptr : &data->front();
  const auto decoded = data == nullptr ? std::nullopt : base::decode_base64(json::text_or(*data, "authorizationToken"));
  const auto colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos || colon == 0 || decoded->find_first_of("\r\n") != std::string::npos) {
    throw Error(ErrorKind::protocol, {question.asked.action, question.asked.object,
                                      "the answer of " + question.host + " has no authorizationToken", ""});
  }
  constexpr std::int64_t shortest_life = 300;
  std::int64_t life = longest_life;
  if (const auto* end = json::find(*data, "expiresAt"); end != nullptr && end->is_number()) {
    life =
        static_cast<std::int64_t>(std::clamp(end->get<double>() - static_cast<double>(now.time_since_epoch().count()),
                                             0.0, static_cast<double>(longest_life)));
  }
  auto registry = json::text_or(*data, "proxyEndpoint");
  if (registry.starts_with("https://")) registry.erase(0, std::string_view("https://").size());
  return {decoded->substr(0, colon), base::Secret(decoded->substr(colon + 1)), seconds(std::max(life, shortest_life)),
          std::move(registry)};
}

}  // namespace

RegistryLogin log_in(const EcrLogin& login, const Access& access) {
  auto who = first_identity(login, access);
  for (const auto& role : login.roles) who = assume(login, who, role, access);
  const bool is_public = login.registry == EcrLogin::Registry::open;
  const auto now = access.clock.now();
  const Question question{
      login,
      who,
      api_host(login),
      is_public ? "ecr-public" : "ecr",
      {"log in to", object_of(login), "", now},
      is_public ? "ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken" : "ecr:GetAuthorizationToken"};
  http::Request request;
  request.headers.set("Content-Type", "application/x-amz-json-1.1");
  request.headers.set("X-Amz-Target", is_public ? "SpencerFrontendService.GetAuthorizationToken"
                                                : "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
  const auto response = ask(question, std::move(request), "{}", access);
  if (!response.ok()) {
    const auto [code, message] = json_error(response);
    refuse(question, response, code, message);
  }
  return read_authorization(response, question, now);
}

std::string describe(const EcrLogin& login) {
  const auto first = login.keys ? "AWS key " + login.keys->id : std::string("what AWS gives the worker");
  return login.roles.empty() ? first : fmt::format("{} through {}", login.roles.back(), first);
}

std::vector<std::string> contacts(const EcrLogin& login) {
  std::vector<std::string> result;
  if (!login.roles.empty()) result.push_back(sts_host(login));
  result.push_back(api_host(login));
  return result;
}

}  // namespace clouds
