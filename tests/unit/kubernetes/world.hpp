// A client of Kubernetes on a scripted server.
#pragma once

#include <sstream>
#include <string>

#include "kubernetes/client.hpp"
#include "support/fixed_random.hpp"
#include "support/manual_clock.hpp"
#include "support/scripted_http_client.hpp"

namespace test {

struct KubernetesWorld {
  ManualClock clock;
  FixedRandom random{0};
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock, base::Verbosity::debug};
  ScriptedHttpClient server;
  kubernetes::Client client{
      server, *http::Url::parse("https://10.0.0.1:6443/k8s"), {"source.kubeconfig", std::nullopt}, log};
  const kubernetes::Resource images{"kpack.io", "v1alpha2", "images", "Image"};

  static base::Error broken() { return {base::ErrorKind::transient, {"read", "x", "the connection broke", ""}}; }

  void answer(int status, const json::Value& body) { server.answer(status, {}, body.dump()); }

  void refuse(int status, const std::string& reason, const std::string& name = "") {
    json::Value body = {{"kind", "Status"}, {"reason", reason}, {"message", reason + " it is"}};
    if (!name.empty()) body["details"] = {{"name", name}};
    answer(status, body);
  }

  [[nodiscard]] std::string path(std::size_t request) const {
    return server.seen.at(request).url.substr(std::string("https://10.0.0.1:6443/k8s").size());
  }
};

}  // namespace test
