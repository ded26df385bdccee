// What a step of the source kind talks to a repository with.
#pragma once

#include <memory>

#include "concourse/context.hpp"
#include "git/remote.hpp"
#include "http/client.hpp"
#include "source/source.hpp"

namespace source {

struct Connection {
  std::unique_ptr<http::Client> http;  // none for local paths and ssh
  std::unique_ptr<git::Remote> remote;
};

// Makes every credential of the source known to the log, so that none can be printed. Nothing is contacted yet.
[[nodiscard]] Connection connect(const Source& source, concourse::Context& context);

}  // namespace source
