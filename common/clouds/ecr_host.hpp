// The names of Amazon's registries: <account>.dkr.ecr.<region>.<domain of the partition>, and public.ecr.aws.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clouds {

inline constexpr std::string_view ecr_public_host = "public.ecr.aws";

struct EcrHost {
  std::string account;  // 12 digits; empty in a name that leaves it to the login
  std::string region;
};

// Nothing for another host. FIPS and dual-stack names count, too.
[[nodiscard]] std::optional<EcrHost> parse_ecr_host(std::string_view host);
// Without an account it stands for the registry of whoever logs in, and is not the name of a host.
[[nodiscard]] std::string ecr_host(const std::string& account, const std::string& region);

// "amazonaws.com"; "amazonaws.com.cn" for cn-north-1.
[[nodiscard]] std::string_view aws_domain(std::string_view region);

// Error{usage} at `path`. A region is judged by its form: AWS opens new ones.
void require_aws_region(const std::string& region, const std::string& path);
void require_aws_account(const std::string& account, const std::string& path);
// The account of "arn:aws:iam::123456789012:role/path/name".
[[nodiscard]] std::string account_of_role(const std::string& arn, const std::string& path);

}  // namespace clouds
