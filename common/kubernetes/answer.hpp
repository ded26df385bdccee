// What a Kubernetes API answers, as JSON: read in one pass, with bounds, and without what no client needs.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "json/value.hpp"

namespace kubernetes {

// etcd takes no request of more than 1.5 MiB, so no object is larger; an event adds a few words to it.
inline constexpr std::uint64_t largest_object = 1536ULL << 10U;

// Members that are left out wherever they stand, since they are most of the bytes of what is asked for often.
inline constexpr std::string_view managed_fields = "managedFields";

// Error{protocol} for what is not JSON, for nesting beyond the project's bound and for repeated keys. `what` names the
// document. Members named in `without` are dropped as they are read.
[[nodiscard]] json::Value parse_answer(std::string_view text, std::string_view what,
                                       std::span<const std::string_view> without = {&managed_fields, 1});

// The body of a successful answer. Error{protocol} that says so where the server answers HTML, as proxies and login
// pages in a cluster's place do; `remedy` says which field names the server.
[[nodiscard]] json::Value read_answer(const http::Response& response, const std::string& what,
                                      const std::string& remedy,
                                      std::span<const std::string_view> without = {&managed_fields, 1});

// Whether a body is a page for people.
[[nodiscard]] bool is_html(const http::Response& response);

}  // namespace kubernetes
