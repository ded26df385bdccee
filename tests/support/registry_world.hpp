// A registry client on answers that a test writes down, with the clock in the test's hand.
#pragma once

#include <fmt/format.h>
#include <sstream>

#include "registry/client.hpp"
#include "support/manual_clock.hpp"
#include "support/scripted_http_client.hpp"

namespace test {

struct RegistryWorld {
  explicit RegistryWorld(std::optional<http::Credentials> credentials = std::nullopt) {
    registry::HostOptions options;
    options.host = "r.example";
    if (credentials) options.credentials = registry::static_credentials(*std::move(credentials));
    options.named_by = "source";
    client = registry::make_client(server, {options}, log);
  }

  // "GET https://r.example/v2/..." of every request so far.
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> result;
    for (const auto& seen : server.seen) result.push_back(fmt::format("{} {}", http::name_of(seen.method), seen.url));
    return result;
  }
  [[nodiscard]] std::string authorization(std::size_t index) const {
    return server.seen.at(index).headers.get("Authorization").value_or("");
  }

  ManualClock clock;
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock};
  ScriptedHttpClient server;
  registry::Repository repository{"r.example", "app"};
  registry::Reference latest{repository, "latest", std::nullopt};
  std::unique_ptr<registry::Client> client;
};

}  // namespace test
