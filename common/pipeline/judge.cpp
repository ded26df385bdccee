#include "pipeline/judge.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <vector>

#include "base/error.hpp"

namespace pipeline {
namespace {

using concourse::Kind;

// "source.registries[1].host" as {"source", "registries", "1", "host"}.
Path path_of(std::string_view field) {
  Path path(1);
  for (const char each : field) {
    if (each == '.' || each == '[') {
      path.emplace_back();
    } else if (each != ']') {
      path.back() += each;
    }
  }
  return path;
}

// Texts that only some fields take: the key of a Google service account, the same in base64, a role of AWS, a
// kubeconfig.
constexpr auto google_key =
    R"({"type": "service_account", "client_email": "x@example.com", "private_key": "x", "token_uri": "https://oauth2.googleapis.com/token"})";
constexpr auto google_key_base64 =
    "eyJ0eXBlIjogInNlcnZpY2VfYWNjb3VudCIsICJjbGllbnRfZW1haWwiOiAieEBleGFtcGxlLmNvbSIsICJwcml2"
    "YXRlX2tleSI6ICJ4IiwgInRva2VuX3VyaSI6ICJodHRwczovL29hdXRoMi5nb29nbGVhcGlzLmNvbS90b2tlbiJ9";
constexpr auto role = "arn:aws:iam::123456789012:role/x";
constexpr auto kubeconfig =
    R"({"apiVersion": "v1", "kind": "Config", "current-context": "x", "clusters": [{"name": "x", "cluster": {"server": "https://x.example.com"}}],
        "users": [{"name": "x", "user": {"token": "x"}}], "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}]})";

// What a var without a value may stand for, until a field takes it.
const std::vector<json::Value>& stand_ins() {
  static const std::vector<json::Value> values{"x",
                                               "registry.example.com/x",
                                               "https://example.com/x",
                                               1U,  // as a parser gives what is not negative
                                               true,
                                               json::Value::array(),
                                               json::Value::object(),
                                               "1h",
                                               json::Value::array({"registry.example.com/x:x"}),
                                               google_key,
                                               google_key_base64,
                                               role,
                                               kubeconfig};
  return values;
}

// Where in the pipeline an error about `field` lies: of the step as a whole where it is about neither of the two.
Path place_of(const Path& field, const std::map<std::string, Path>& roots) {
  const auto root = roots.find(field.front());
  Path result = root == roots.end() ? roots.begin()->second : root->second;
  if (root == roots.end()) {
    result.pop_back();
  } else {
    result.insert(result.end(), field.begin() + 1, field.end());
  }
  return result;
}

void set(json::Value& root, const Path& path, const json::Value& value) {
  auto* at = &root;
  for (const auto& key : path) {
    if (at->is_array()) {
      std::size_t index = 0;
      std::from_chars(key.data(), key.data() + key.size(), index);
      at = &at->at(index);
    } else {
      at = &at->at(key);
    }
  }
  *at = value;
}

}  // namespace

struct Judge::Request {
  // "source" and "params", by the names that errors give them.
  json::Value fields = json::Value::object();
  std::map<std::string, Path> roots;
};

Judgement Judge::judge(Request request, Prepare prepare) const {
  // The vars within the request, and which stand-in each has.
  std::map<Path, std::size_t> open;
  for (const auto& [name, root] : request.roots) {
    for (const auto& path : unknown_) {
      if (!is_prefix(root, path)) continue;
      Path field{name};
      field.insert(field.end(), path.begin() + static_cast<std::ptrdiff_t>(root.size()), path.end());
      set(request.fields, field, stand_ins().front());
      open.emplace(std::move(field), 0);
    }
  }
  for (;;) {
    try {
      const concourse::Request made{request.fields.at("source"), std::nullopt, request.fields.at("params")};
      prepare(concourse::kind_of(made.source, kinds_), made);
      return {};
    } catch (const base::Error& error) {
      const auto at = path_of(error.report().object);
      const auto var = std::find_if(open.begin(), open.end(), [&](const auto& each) {
        return is_prefix(each.first, at) || is_prefix(at, each.first);
      });
      if (var != open.end() && var->second + 1 < stand_ins().size()) {
        set(request.fields, var->first, stand_ins()[++var->second]);
        continue;
      }
      Judgement result;
      result.in_source = at.front() == "source";
      result.path = place_of(at, request.roots);
      if (var != open.end()) {
        result.unknown = error.report().object;
      } else {
        result.error = error.what();
      }
      return result;
    }
  }
}

Judgement Judge::source(const json::Value& source, const Path& path) const {
  Request request;
  request.fields = {{"source", source}, {"params", json::Value::object()}};
  request.roots = {{"source", path}};
  return judge(std::move(request), [](const Kind& kind, const concourse::Request& made) {
    static_cast<void>(concourse::service(kind, &Kind::check).prepare(made));
  });
}

Judgement Judge::get(const json::Value& source, const Path& source_path, const json::Value& params,
                     const Path& params_path) const {
  Request request;
  request.fields = {{"source", source}, {"params", params}};
  request.roots = {{"source", source_path}, {"params", params_path}};
  return judge(std::move(request), [](const Kind& kind, const concourse::Request& made) {
    auto with_version = made;
    with_version.version = kind.example;
    static_cast<void>(concourse::service(kind, &Kind::in).prepare(with_version));
  });
}

Judgement Judge::put(const json::Value& source, const Path& source_path, const json::Value& params,
                     const Path& params_path) const {
  Request request;
  request.fields = {{"source", source}, {"params", params}};
  request.roots = {{"source", source_path}, {"params", params_path}};
  return judge(std::move(request), [](const Kind& kind, const concourse::Request& made) {
    static_cast<void>(concourse::service(kind, &Kind::out).prepare(made));
  });
}

}  // namespace pipeline
