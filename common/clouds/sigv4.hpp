// AWS Signature Version 4 ("Create a signed AWS API request"): a request is proved by an HMAC over all that is said in
// it. The secret key never leaves this process. A signature is good for five minutes.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "http/message.hpp"

namespace clouds {

struct AwsKeys {
  std::string id;
  base::Secret secret;
  base::Secret session_token;  // empty: the keys last
};

// What a signature is good for.
struct AwsScope {
  std::string region;
  std::string service;
};

// What is signed. The headers include Host and X-Amz-Date, and all of them are signed.
struct AwsRequest {
  std::string_view method;
  std::string_view path;
  std::string_view query;  // without '?'
  http::Headers headers;
  std::string_view body;
};

// "Step 1: create a canonical request". The path is encoded once, as it is where it is "/".
[[nodiscard]] std::string canonical_request(const AwsRequest& request);
// The value of the Authorization header.
[[nodiscard]] std::string aws_authorization(const AwsRequest& request, const AwsKeys& keys, const AwsScope& scope,
                                            base::WallTime now);

// Makes `request` a POST of `body`, dated and signed. It can be sent again for five minutes.
void sign(http::Request& request, std::string body, const AwsKeys& keys, const AwsScope& scope, base::WallTime now);

}  // namespace clouds
