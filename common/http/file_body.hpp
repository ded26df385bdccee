// Bodies that are parts of files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/file_descriptor.hpp"
#include "http/message.hpp"

namespace http {

// The first `length` bytes of an open file, which must not change; `name` is for errors.
[[nodiscard]] std::shared_ptr<Body> file_body(base::FileDescriptor file, std::string name, std::uint64_t length);

}  // namespace http
