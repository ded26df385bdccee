// What a step of the image kind talks to registries with: the HTTP client and the registry client on it.
#pragma once

#include <memory>

#include "concourse/context.hpp"
#include "http/stack.hpp"
#include "image/source.hpp"
#include "registry/client.hpp"

namespace image {

struct Connection {
  std::unique_ptr<http::Client> http;
  std::unique_ptr<registry::Client> registry;
};

// Makes every password of the source known to the log, so that none can be printed. Nothing is contacted yet.
[[nodiscard]] Connection connect(const Source& source, concourse::Context& context);

}  // namespace image
