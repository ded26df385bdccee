// Whether a kind would take a source and params, with vars that have no value yet among them.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>

#include "concourse/kind.hpp"
#include "pipeline/document.hpp"

namespace pipeline {

struct Judgement {
  std::optional<std::string> error;    // why a step would refuse it
  std::optional<std::string> unknown;  // the field whose var decides; nothing was judged behind it
  Path path;                           // what the error is about, in the pipeline
  bool in_source = false;              // rather than in the params
};

class Judge {
 public:
  // `unknown`: the paths in the pipeline of texts that hold a var without a value.
  Judge(std::span<const concourse::Kind> kinds, const std::set<Path>& unknown) : kinds_(kinds), unknown_(unknown) {}

  [[nodiscard]] Judgement source(const json::Value& source, const Path& path) const;
  [[nodiscard]] Judgement get(const json::Value& source, const Path& source_path, const json::Value& params,
                              const Path& params_path) const;
  [[nodiscard]] Judgement put(const json::Value& source, const Path& source_path, const json::Value& params,
                              const Path& params_path) const;

 private:
  struct Request;
  using Prepare = void (*)(const concourse::Kind& kind, const concourse::Request& request);
  [[nodiscard]] Judgement judge(Request request, Prepare prepare) const;

  std::span<const concourse::Kind> kinds_;
  const std::set<Path>& unknown_;
};

}  // namespace pipeline
