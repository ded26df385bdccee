#include "clouds/ecr_host.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "json/errors.hpp"

namespace clouds {
namespace {

constexpr std::string_view usual_domain = "amazonaws.com";
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> other_domains{{
    {"cn-", "amazonaws.com.cn"},
    {"us-iso-", "c2s.ic.gov"},
    {"us-isob-", "sc2s.sgov.gov"},
    {"us-isof-", "csp.hci.ic.gov"},
    {"eu-isoe-", "cloud.adc-e.uk"},
    {"eusc-", "amazonaws.eu"},
}};

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}
bool is_letters(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string_view::npos;
}
bool is_account(std::string_view text) { return text.size() == 12 && is_digits(text); }

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> result;
  while (true) {
    const auto end = text.find(separator);
    result.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return result;
    text.remove_prefix(end + 1);
  }
}

// us-east-1, us-gov-west-1, ap-southeast-3, eusc-de-east-1
bool is_region(std::string_view text) {
  const auto parts = split(text, '-');
  if (parts.size() < 3 || parts.size() > 4 || text.size() > 32 || parts.back().size() > 2) return false;
  return is_digits(parts.back()) && std::all_of(parts.begin(), parts.end() - 1, is_letters);
}

}  // namespace

std::string_view aws_domain(std::string_view region) {
  for (const auto& [prefix, domain] : other_domains) {
    if (region.starts_with(prefix)) return domain;
  }
  return usual_domain;
}

std::string ecr_host(const std::string& account, const std::string& region) {
  return fmt::format("{}{}dkr.ecr.{}.{}", account, account.empty() ? "" : ".", region, aws_domain(region));
}

std::optional<EcrHost> parse_ecr_host(std::string_view host) {
  const auto account = host.substr(0, host.find('.'));
  const bool has_account = is_account(account);
  auto rest = has_account ? host.substr(std::min(account.size() + 1, host.size())) : host;
  for (const std::string_view service : {"dkr.ecr.", "dkr.ecr-fips.", "dkr-ecr.", "dkr-ecr-fips."}) {
    if (!rest.starts_with(service)) continue;
    rest.remove_prefix(service.size());
    const auto end = rest.find('.');
    const auto region = rest.substr(0, end);
    if (end == std::string_view::npos || !is_region(region)) return std::nullopt;
    const auto domain = rest.substr(end + 1);
    const bool is_dual_stack = service.starts_with("dkr-ecr") && domain.starts_with("on.");
    if (!is_dual_stack && domain != aws_domain(region)) return std::nullopt;
    if (is_dual_stack && domain != "on.aws" && domain != "on.amazonwebservices.com.cn") return std::nullopt;
    return EcrHost{has_account ? std::string(account) : "", std::string(region)};
  }
  return std::nullopt;
}

void require_aws_region(const std::string& region, const std::string& path) {
  if (is_region(region)) return;
  std::string remedy = "a region is like eu-central-1";
  if (!region.empty() && is_region(region.substr(0, region.size() - 1)) &&
      is_letters(region.substr(region.size() - 1))) {
    remedy = fmt::format("it is one of the zones of {}: give the region", region.substr(0, region.size() - 1));
  }
  json::wrong_value(path, fmt::format("\"{}\" is not a region of AWS", base::printable(region, 64)), std::move(remedy));
}

void require_aws_account(const std::string& account, const std::string& path) {
  if (is_account(account)) return;
  json::wrong_value(path, fmt::format("\"{}\" is not the number of an account", base::printable(account, 64)),
                    "it has 12 digits; write it in quotes, or YAML takes a first 0 away");
}

std::string account_of_role(const std::string& arn, const std::string& path) {
  const auto parts = split(arn, ':');
  const bool is_role = parts.size() == 6 && parts[0] == "arn" && parts[1].starts_with("aws") && parts[2] == "iam" &&
                       parts[3].empty() && is_account(parts[4]) && parts[5].starts_with("role/") &&
                       parts[5].size() > 5 && arn.size() <= 2048 &&
                       std::all_of(arn.begin(), arn.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!is_role) {
    json::wrong_value(path, fmt::format("\"{}\" is not the ARN of a role", base::printable(arn, 256)),
                      "it is like arn:aws:iam::123456789012:role/name");
  }
  return std::string(parts[4]);
}

}  // namespace clouds
