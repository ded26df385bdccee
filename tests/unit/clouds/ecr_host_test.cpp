#include "clouds/ecr_host.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/failure.hpp"

using test::failure;

TEST_CASE("hosts of ECR are known in every partition") {
  const auto parsed = [](std::string_view host) {
    const auto name = clouds::parse_ecr_host(host);
    return name ? name->account + " " + name->region : "";
  };
  CHECK(parsed("012345678901.dkr.ecr.eu-central-1.amazonaws.com") == "012345678901 eu-central-1");
  CHECK(parsed("012345678901.dkr.ecr.cn-north-1.amazonaws.com.cn") == "012345678901 cn-north-1");
  CHECK(parsed("012345678901.dkr.ecr-fips.us-gov-west-1.amazonaws.com") == "012345678901 us-gov-west-1");
  CHECK(parsed("012345678901.dkr-ecr.us-east-2.on.aws") == "012345678901 us-east-2");
  CHECK(parsed("dkr.ecr.us-east-2.amazonaws.com") == " us-east-2");
  CHECK(clouds::ecr_host("012345678901", "us-east-1") == "012345678901.dkr.ecr.us-east-1.amazonaws.com");
  CHECK(clouds::ecr_host("012345678901", "cn-north-1") == "012345678901.dkr.ecr.cn-north-1.amazonaws.com.cn");
  CHECK(clouds::ecr_host("", "us-east-1") == "dkr.ecr.us-east-1.amazonaws.com");
}

TEST_CASE("a host that only looks like one of ECR is not one") {
  for (const auto* host : {"r.example", "012345678901.dkr.ecr.eu-central-1.amazonaws.com.evil.example",
                           "12345.dkr.ecr.us-east-1.amazonaws.com", "012345678901.dkr.ecr.cn-north-1.amazonaws.com",
                           "012345678901.dkr.ecr.evil.example", "012345678901", "012345678901.dkr.ecr.us-east-1.on.aws",
                           "012345678901.dkr-ecr.us-east-1.on.evil.example", "public.ecr.aws", ""}) {
    INFO(host);
    CHECK_FALSE(clouds::parse_ecr_host(host));
  }
}

TEST_CASE("a region, an account and a role that cannot be ones are refused with what they look like") {
  for (const auto* region : {"us-east-1", "ap-southeast-3", "us-gov-west-1", "eusc-de-east-1"}) {
    CHECK(failure([&] { clouds::require_aws_region(region, "source.aws_region"); }).empty());
  }
  CHECK(failure([] { clouds::require_aws_region("frankfurt", "source.aws_region"); }) ==
        "cannot read source.aws_region: \"frankfurt\" is not a region of AWS; a region is like eu-central-1");
  CHECK(failure([] { clouds::require_aws_region("eu-central-1a", "source.aws_region"); }) ==
        "cannot read source.aws_region: \"eu-central-1a\" is not a region of AWS; it is one of the zones of "
        "eu-central-1: "
        "give the region");
  CHECK_FALSE(failure([] { clouds::require_aws_region("us-east-1.evil.example/", "x"); }).empty());
  CHECK(failure([] { clouds::require_aws_account("12345", "source.aws_account_id"); }) ==
        "cannot read source.aws_account_id: \"12345\" is not the number of an account; it has 12 digits; write it in "
        "quotes, or YAML takes a first 0 away");
  CHECK(clouds::account_of_role("arn:aws-cn:iam::012345678901:role/ci/push", "x") == "012345678901");
  CHECK(failure([] { (void)clouds::account_of_role("arn:aws:iam::012345678901:user/ann", "source.aws_role_arn"); }) ==
        "cannot read source.aws_role_arn: \"arn:aws:iam::012345678901:user/ann\" is not the ARN of a role; it is like "
        "arn:aws:iam::123456789012:role/name");
}
