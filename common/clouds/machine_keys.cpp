#include "clouds/machine_keys.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "json/value.hpp"

namespace clouds {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::string_view roles_path = "/latest/meta-data/iam/security-credentials/";

[[noreturn]] void no_keys(const std::string& named_by, const std::string& cause) {
  throw Error(
      ErrorKind::usage,
      {"log in to ECR", "",
       fmt::format("{}.aws_access_key_id is not given, AWS_ACCESS_KEY_ID is not set, and {}", named_by, cause),
       fmt::format("give aws_access_key_id and aws_secret_access_key in {}, or give the worker's machine a role "
                   "and its metadata service a hop limit of 2",
                   named_by)});
}

std::string ask(const Access& access, const http::Request& request, const std::string& named_by) {
  const auto response = [&] {
    try {
      return access.metadata.send(request);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::transient) throw;
      no_keys(named_by, "the machine's metadata service does not answer");
    }
  }();
  if (response.ok()) return response.body;
  no_keys(named_by, response.status == 404
                        ? std::string("the machine has no role")
                        : fmt::format("the machine's metadata service answers HTTP status {}", response.status));
}

// Of what the service says, what may stand in a header or a path.
std::string word(std::string text, std::string_view what, const std::string& named_by) {
  text = text.substr(0, text.find('\n'));
  const bool is_word = !text.empty() && text.size() <= 256 &&
                       std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!is_word) no_keys(named_by, fmt::format("the machine's metadata service gives no {}", what));
  return text;
}

}  // namespace

http::Request metadata_request(const std::string& path) {
  http::Request request;
  request.url = *http::Url::parse("http://169.254.169.254" + path);
  request.probe = true;
  request.limit = std::chrono::seconds(5);
  request.body_limit = 64UL << 10U;
  return request;
}

AwsKeys machine_keys(const Access& access, const std::string& named_by) {
  auto session = metadata_request("/latest/api/token");
  session.method = http::Method::put;
  session.headers.set("X-aws-ec2-metadata-token-ttl-seconds", "300");
  const auto token = word(ask(access, session, named_by), "session", named_by);
  const auto get = [&](const std::string& path) {
    auto request = metadata_request(path);
    request.headers.set("X-aws-ec2-metadata-token", token);
    return ask(access, request, named_by);
  };
  const auto role = word(get(std::string(roles_path)), "role", named_by);
  const auto document = json::parse(get(std::string(roles_path) + http::percent_encode(role)), "the machine's keys");
  AwsKeys keys{json::text_or(document, "AccessKeyId"), base::Secret(json::text_or(document, "SecretAccessKey")),
               base::Secret(json::text_or(document, "Token"))};
  if (keys.id.empty() || keys.secret.empty()) no_keys(named_by, "the machine's role gives no keys");
  return keys;
}

}  // namespace clouds
