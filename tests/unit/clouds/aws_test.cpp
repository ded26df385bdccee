#include "clouds/aws.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "world.hpp"

using namespace std::chrono_literals;
using test::failure;

namespace {

const std::string role_1 = "arn:aws:iam::111111111111:role/first";
const std::string role_2 = "arn:aws:iam::222222222222:role/second";

clouds::EcrLogin with_key() {
  clouds::EcrLogin login;
  login.keys = clouds::AwsKeys{"AKIDEXAMPLE", base::Secret("word"), base::Secret()};
  login.region = "eu-west-1";
  return login;
}

std::string authorization(const std::string& password) {
  return fmt::format(R"({{"authorizationData":[{{"authorizationToken":"{}","expiresAt":1767268800.5,)"
                     R"("proxyEndpoint":"https://012345678901.dkr.ecr.eu-west-1.amazonaws.com"}}]}})",
                     base::base64("AWS:" + password));
}

std::string assumed(const std::string& id) {
  return fmt::format(
      "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>{0}</AccessKeyId>"
      "<SecretAccessKey>secret-{0}</SecretAccessKey><SessionToken>session-{0}</SessionToken>"
      "</Credentials></AssumeRoleResult></AssumeRoleResponse>",
      id);
}

std::string refused(test::Clouds& world, const clouds::EcrLogin& login) {
  return failure([&] { (void)clouds::log_in(login, world.access()); });
}

}  // namespace

TEST_CASE("a key of AWS becomes the password of ECR") {
  test::Clouds world;
  world.api.answer(200, {}, authorization("pass:word"));
  const auto login = clouds::log_in(with_key(), world.access());
  CHECK(login.username == "AWS");
  CHECK(login.password.reveal() == "pass:word");
  CHECK(login.lifetime == 12h);
  CHECK(login.registry == "012345678901.dkr.ecr.eu-west-1.amazonaws.com");
  const auto& seen = world.api.seen.at(0);
  CHECK(seen.method == http::Method::post);
  CHECK(seen.url == "https://api.ecr.eu-west-1.amazonaws.com/");
  CHECK(seen.body == "{}");
  CHECK(seen.headers.get("X-Amz-Target") == "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
  CHECK(seen.headers.get("Content-Type") == "application/x-amz-json-1.1");
  CHECK(seen.headers.get("Authorization")
            ->starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-west-1/ecr/aws4_request, "
                          "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature="));
}

TEST_CASE("roles are assumed one from another") {
  test::Clouds world;
  world.api.answer(200, {}, assumed("ASIA1"));
  world.api.answer(200, {}, assumed("ASIA2"));
  world.api.answer(200, {}, authorization("x"));
  auto login = with_key();
  login.roles = {role_1, role_2};
  CHECK(clouds::log_in(login, world.access()).password.reveal() == "x");
  REQUIRE(world.api.seen.size() == 3);
  CHECK(world.api.seen[0].url == "https://sts.eu-west-1.amazonaws.com/");
  CHECK(world.api.seen[0].body ==
        "Action=AssumeRole&DurationSeconds=900&RoleArn=arn%3Aaws%3Aiam%3A%3A111111111111%3Arole%2Ffirst&"
        "RoleSessionName=build-service-1767225600&Version=2011-06-15");
  CHECK(world.api.seen[1].headers.get("Authorization")->find("Credential=ASIA1/") != std::string::npos);
  CHECK(world.api.seen[1].headers.get("X-Amz-Security-Token") == "session-ASIA1");
  CHECK(world.api.seen[2].headers.get("Authorization")->find("Credential=ASIA2/") != std::string::npos);
  CHECK(world.api.seen[2].headers.get("X-Amz-Security-Token") == "session-ASIA2");
}

TEST_CASE("ECR Public has its own API in us-east-1") {
  test::Clouds world;
  world.api.answer(200, {},
                   fmt::format(R"({{"authorizationData":{{"authorizationToken":"{}"}}}})", base::base64("AWS:public")));
  auto login = with_key();
  login.registry = clouds::EcrLogin::Registry::open;
  CHECK(clouds::log_in(login, world.access()).password.reveal() == "public");
  CHECK(world.api.seen[0].url == "https://api.ecr-public.us-east-1.amazonaws.com/");
  CHECK(world.api.seen[0].headers.get("X-Amz-Target") == "SpencerFrontendService.GetAuthorizationToken");
  CHECK(world.api.seen[0].headers.get("Authorization")->find("/us-east-1/ecr-public/aws4_request") !=
        std::string::npos);
}

TEST_CASE("China and the government have endpoints of their own") {
  auto login = with_key();
  login.region = "cn-north-1";
  login.roles = {role_1};
  CHECK(clouds::contacts(login) ==
        std::vector<std::string>{"sts.cn-north-1.amazonaws.com.cn", "api.ecr.cn-north-1.amazonaws.com.cn"});
}

TEST_CASE("without keys those of the environment are taken, then those of the machine") {
  clouds::EcrLogin login;
  login.region = "eu-west-1";
  SECTION("the environment's") {
    test::Clouds world(base::Environment(
        {{"AWS_ACCESS_KEY_ID", "ASIAENV"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_SESSION_TOKEN", "t"}}));
    world.api.answer(200, {}, authorization("x"));
    (void)clouds::log_in(login, world.access());
    CHECK(world.api.seen[0].headers.get("Authorization")->find("Credential=ASIAENV/") != std::string::npos);
    CHECK(world.metadata.seen.empty());
  }
  SECTION("the machine's, by a session (IMDSv2)") {
    test::Clouds world;
    world.metadata.answer(200, {}, "session");
    world.metadata.answer(200, {}, "worker-role");
    world.metadata.answer(200, {}, R"({"AccessKeyId":"ASIAM","SecretAccessKey":"s","Token":"t"})");
    world.api.answer(200, {}, authorization("x"));
    (void)clouds::log_in(login, world.access());
    REQUIRE(world.metadata.seen.size() == 3);
    CHECK(world.metadata.seen[0].method == http::Method::put);
    CHECK(world.metadata.seen[0].url == "http://169.254.169.254/latest/api/token");
    CHECK(world.metadata.seen[2].url == "http://169.254.169.254/latest/meta-data/iam/security-credentials/worker-role");
    CHECK(world.metadata.seen[2].headers.get("X-aws-ec2-metadata-token") == "session");
    CHECK(world.api.seen[0].headers.get("X-Amz-Security-Token") == "t");
  }
  SECTION("neither") {
    test::Clouds world;
    world.metadata.fail(http::Unreachable({"reach", "169.254.169.254", "no", ""}));
    CHECK(
        refused(world, login) ==
        "cannot log in to ECR: source.aws_access_key_id is not given, AWS_ACCESS_KEY_ID is not set, and the machine's "
        "metadata service does not answer; give aws_access_key_id and aws_secret_access_key in source, or give the "
        "worker's machine a role and its metadata service a hop limit of 2");
  }
  SECTION("a machine without a role") {
    test::Clouds world;
    world.metadata.answer(200, {}, "session");
    world.metadata.answer(404);
    CHECK(refused(world, login).find("and the machine has no role; give") != std::string::npos);
  }
  SECTION("a service that says what a header cannot hold") {
    test::Clouds world;
    world.metadata.answer(200, {}, "a b");
    CHECK(refused(world, login).find("gives no session; give") != std::string::npos);
  }
}

TEST_CASE("a refusal of AWS is told in its words, with the field to mend") {
  test::Clouds world;
  const auto refuse = [&](const std::string& type, const std::string& message, http::Headers headers = {}) {
    world.api.answer(400, std::move(headers), fmt::format(R"({{"__type":"{}","message":"{}"}})", type, message));
    return refused(world, with_key());
  };
  CHECK(refuse("ExpiredTokenException", "The security token included in the request is expired") ==
        "cannot log in to ECR in eu-west-1: ExpiredTokenException: The security token included in the request is "
        "expired; give a new source.aws_session_token, or keys that last");
  CHECK(refuse("com.amazon.coral.service#UnrecognizedClientException", "invalid")
            .ends_with("UnrecognizedClientException: invalid; check source.aws_access_key_id"));
  CHECK(refuse("InvalidSignatureException", "no match").ends_with("no match; check source.aws_secret_access_key"));
  CHECK(refuse("InvalidSignatureException", "Signature expired", {{"Date", "Thu, 01 Jan 2026 00:20:00 GMT"}})
            .ends_with("Signature expired; the worker's clock is 20 min 00 s behind that of "
                       "api.ecr.eu-west-1.amazonaws.com: set it"));
  CHECK(refuse("AccessDeniedException", "no")
            .ends_with("AccessDeniedException: no; allow the key AKIDEXAMPLE to ecr:GetAuthorizationToken"));
  CHECK(refuse("X", std::string(5000, 'x')).size() < 1000);
  CHECK(refuse("X", "a\\u001b[31mb").find('\x1b') == std::string::npos);
}

TEST_CASE("a role that may not be assumed is named") {
  test::Clouds world;
  auto login = with_key();
  login.roles = {role_1, role_2};
  world.api.answer(200, {}, assumed("ASIA1"));
  world.api.answer(403, {},
                   "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not &apos;you&apos;</Message></Error>"
                   "</ErrorResponse>");
  CHECK(refused(world, login) ==
        fmt::format("cannot assume the role {1}: AccessDenied: not 'you'; allow the role {0} to assume it "
                    "(sts:AssumeRole, and the trust policy of {1})",
                    role_1, role_2));
  world.api.answer(200, {}, "<AssumeRoleResponse/>");
  CHECK(refused(world, login).find("the answer of sts.eu-west-1.amazonaws.com has no keys") != std::string::npos);
}

TEST_CASE("what is not an answer of ECR is an error") {
  test::Clouds world;
  for (const auto* body : {"{}", R"({"authorizationData":[]})", R"({"authorizationData":[{"authorizationToken":"!"}]})",
                           R"({"authorizationData":[{"authorizationToken":"QVdT"}]})"}) {
    INFO(body);
    world.api.answer(200, {}, body);
    CHECK(refused(world, with_key()).find("has no authorizationToken") != std::string::npos);
  }
  world.api.answer(503, {}, "");
  CHECK(refused(world, with_key()) ==
        "cannot log in to ECR in eu-west-1: HTTP status 503 Service Unavailable (api.ecr.eu-west-1.amazonaws.com); the "
        "fault is the server's: look at its log, and run this again when it is well");
  world.api.fail(http::Unreachable({"reach", "x", "Could not resolve host: api.ecr.eu-west-1.amazonaws.com", ""},
                                   http::Unreachable::Reason::unknown_name));
  CHECK(refused(world, with_key())
            .ends_with("; check source.aws_region, and that the worker reaches api.ecr.eu-west-1.amazonaws.com"));
}

TEST_CASE("what a refused signature says of the request, with its session token, is not told on") {
  test::Clouds world;
  world.api.answer(403, {},
                   R"({"__type":"InvalidSignatureException","message":"The signature does not match.\n\n)"
                   R"(The Canonical String is\nx-amz-security-token:TOKEN"})");
  const auto said = refused(world, with_key());
  CHECK(said.find("The signature does not match") != std::string::npos);
  CHECK(said.find("TOKEN") == std::string::npos);
}
