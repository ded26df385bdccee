// Clouds that answer as a test writes down.
#pragma once

#include "clouds/access.hpp"
#include "support/failure.hpp"
#include "support/manual_clock.hpp"
#include "support/scripted_http_client.hpp"

namespace test {

struct Clouds {
  explicit Clouds(base::Environment variables = {}) : environment(std::move(variables)) {}

  [[nodiscard]] clouds::Access access() { return {api, registry, metadata, environment, clock}; }

  ManualClock clock;  // 2026-01-01T00:00:00Z
  ScriptedHttpClient api;
  ScriptedHttpClient registry;
  ScriptedHttpClient metadata;
  base::Environment environment;
};

}  // namespace test
