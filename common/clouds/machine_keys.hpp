// The keys that a machine of AWS gives to what runs on it (IMDSv2, "Use the Instance Metadata Service").
#pragma once

#include "clouds/access.hpp"
#include "clouds/sigv4.hpp"

namespace clouds {

// Error{usage} where there is no such service, saying which field is wanted.
[[nodiscard]] AwsKeys machine_keys(const Access& access, const std::string& named_by);

// A machine's metadata service, asked once and not for long: on other machines nobody is there.
[[nodiscard]] http::Request metadata_request(const std::string& path);

}  // namespace clouds
