// Smart HTTP (gitprotocol-http): GET info/refs, POST git-upload-pack, version 2 asked for by the Git-Protocol header.
// Errors: {denied} 401 and 403 with the fields to check, {not_found} 404, {protocol} for a page that is not a git
// answer.
#pragma once

#include <memory>

#include "git/field_names.hpp"
#include "git/transport.hpp"
#include "http/client.hpp"

namespace git {

// `denied_remedy` names the fields that hold this repository's credentials.
[[nodiscard]] std::unique_ptr<Transport> make_http_transport(http::Client& client, http::Url repository,
                                                             std::string denied_remedy, FieldNames fields);

}  // namespace git
