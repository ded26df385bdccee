#include "pipeline/lint.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>

#include "json/errors.hpp"
#include "json/fields.hpp"

using concourse::Kind;
using pipeline::Document;

namespace {

// A kind with one field of each sort, read by hand: real kinds are judged in tests/acceptance/test_lint.py.
void read_source(const json::Value& source) {
  for (const auto& [name, value] : source.items()) {
    if (name == "shelf") {
      if (!value.is_number()) json::wrong_type("source.shelf", "a number", value);
    } else if (name != "isbn") {
      json::unknown_field("source", name, {"isbn", "shelf"});
    }
  }
}
void read_params(const json::Value& params) {
  for (const auto& [name, value] : params.items()) {
    if (name != "pages") json::unknown_field("params", name, {"pages"});
    if (!value.is_array()) json::wrong_type("params.pages", "a list", value);
  }
}

concourse::Check prepare_check(const concourse::Request& request) {
  read_source(request.source);
  return {};
}
concourse::In prepare_in(const concourse::Request& request) {
  read_source(request.source);
  read_params(request.params);
  static_cast<void>(concourse::require_version(request));
  return {};
}

const std::array<Kind, 1> kinds{Kind{"book",
                                     "isbn",
                                     "a book",
                                     concourse::Service<concourse::Check>{"editions", prepare_check, nullptr},
                                     concourse::Service<concourse::In>{"pages", prepare_in, nullptr},
                                     concourse::NotServed{"write it"},
                                     {{"edition", "1"}}}};

std::string lint(const std::string& text, const json::Value& vars = json::Value::object()) {
  return pipeline::render(pipeline::lint(Document::parse(text, "p.yml"), vars, kinds), "p.yml");
}

constexpr auto types =
    "resource_types:\n- name: ours\n  type: registry-image\n  source: {repository: r.example/build-service:1}\n";

}  // namespace

TEST_CASE("a pipeline without faults is told how much of it was read") {
  CHECK(lint(std::string(types) + R"(
resources:
- {name: a, type: ours, source: {isbn: 1}}
jobs:
- name: read
  plan:
  - {get: a, trigger: true, params: {pages: [1]}}
)") == "p.yml: 1 resource of build-service, in 1 step: 0 errors, 0 warnings\n");
}

TEST_CASE("wrong fields are told with their lines, however deep the step lies") {
  CHECK(lint(std::string(types) + R"(
resources:
- name: a
  type: ours
  source:
    isbn: 1
    shlef: 2
- {name: b, type: ours, source: {isbn: 2}}
jobs:
- name: read
  plan:
  - in_parallel:
      steps:
      - get: b
        trigger: true
        params: {pages: 3}
  - try:
      do:
      - task: t
        on_failure:
          put: book
          resource: b
)") == R"(p.yml:11: error: resource a: cannot read source.shlef: there is no such field; did you mean source.shelf?
p.yml:20: error: job read: get b: cannot read params.pages: expected a list, got the number 3
p.yml:24: error: job read: put book: cannot serve the kind book (source.isbn: a book): this version of build-service does not do this step for it; write it
p.yml: 2 resources of build-service, in 2 steps: 3 errors, 0 warnings
)");
}

TEST_CASE("a var without a value is taken for what its field wants, and vars that are given are judged") {
  const auto text = std::string(types) + R"(
resources:
- {name: a, type: ours, source: {isbn: ((isbn)), shelf: ((shelf))}}
jobs:
- name: read
  plan:
  - {get: a, trigger: true, params: {pages: ((pages))}}
)";
  CHECK(lint(text) == "p.yml: 1 resource of build-service, in 1 step: 0 errors, 0 warnings\n");
  CHECK(lint(text, {{"shelf", "top"}}) ==
        "p.yml:7: error: resource a: cannot read source.shelf: expected a number, got text\n"
        "p.yml: 1 resource of build-service, in 1 step: 1 error, 0 warnings\n");
}

TEST_CASE("what never triggers is warned of") {
  CHECK(lint(std::string(types) + R"(
resources:
- {name: a, type: ours, check_every: never, source: {isbn: 1}}
- {name: b, type: ours, check_every: never, webhook_token: word, source: {isbn: 1}}
- {name: time, type: time, source: {interval: 1h}}
jobs:
- name: by hand
  plan:
  - {get: a}
- name: pinned
  plan:
  - {get: b, trigger: true, version: {edition: "1"}}
- name: never checked
  plan:
  - {get: a, trigger: true}
- name: nightly
  plan:
  - {get: time, trigger: true}
  - {get: b}
)") == R"(p.yml:11: note: job by hand: it never starts by itself: none of its gets has `trigger: true`
p.yml:16: warning: job pinned: get b: it never triggers: its version is pinned
p.yml:19: warning: job never checked: get a: it never triggers: resource a has `check_every: never` and no webhook_token
p.yml: 2 resources of build-service, in 4 steps: 0 errors, 2 warnings
)");
}

TEST_CASE("what a change of type would mean is a note") {
  CHECK(
      lint(R"(
resources:
- {name: a, type: git, source: {isbn: 1}}
- {name: b, type: git, source: {isbn: 1, depth: 3}}
- {name: c, type: time, source: {interval: 1h}}
jobs:
- name: push
  plan:
  - {put: a, params: {rebase: true}}
- {name: push again, plan: [{put: a, params: {rebase: true}}]}
)") ==
      R"(p.yml:3: note: resource a of type git: `type: build-service` would not take it: job push (and 1 more) pushes to it, which stays the git resource's work: keep one of that type for the put
p.yml:4: note: resource b of type git: `type: build-service` would not take it: cannot read source.depth: there is no such field; valid are isbn, shelf
p.yml: 0 resources of build-service, in 0 steps: 0 errors, 0 warnings
)");
}

TEST_CASE("the defaults of a type are in the sources of its resources, and give way to their fields") {
  const auto text = R"(
resource_types:
- name: ours
  type: registry-image
  source: {repository: r.example/build-service}
  defaults: {isbn: 1, shelf: ((shelf))}
resources:
- {name: a, type: ours, source: {}}
- {name: b, type: ours, source: {isbn: 2, shelf: 3}}
- {name: c, type: ours}
jobs: []
)";
  CHECK(lint(text) == "p.yml: 3 resources of build-service, in 0 steps: 0 errors, 0 warnings\n");
  CHECK(lint(text, {{"shelf", "top"}}) ==
        R"(p.yml:8: error: resource a: cannot read source.shelf: expected a number, got text
p.yml:10: error: resource c: cannot read source.shelf: expected a number, got text
p.yml: 3 resources of build-service, in 0 steps: 2 errors, 0 warnings
)");
}

TEST_CASE("what a step is repeated across is judged value by value") {
  CHECK(lint(std::string(types) + R"(
resources:
- {name: a, type: ours, source: {isbn: 1}}
jobs:
- name: read
  plan:
  - across:
    - {var: pages, values: [[1], one, two]}
    - {var: elsewhere, values: ((elsewhere))}
    do:
    - get: a
      trigger: true
      params: {pages: ((.:pages))}
  - {get: b, resource: a, params: {pages: ((.:pages))}}
)") == R"(p.yml:17: error: job read: get a: cannot read params.pages: expected a list, got text
p.yml: 1 resource of build-service, in 2 steps: 1 error, 0 warnings
)");
}

TEST_CASE("whether a get triggers may be a var's to say") {
  CHECK(lint(std::string(types) + R"(
resources:
- {name: a, type: ours, source: {isbn: 1}}
jobs:
- name: read
  plan:
  - {get: a, trigger: ((trigger))}
)") == "p.yml: 1 resource of build-service, in 1 step: 0 errors, 0 warnings\n");
}

TEST_CASE("Concourse's own types are known by their images, too, and not by a name that another image has") {
  CHECK(lint(R"(
resource_types:
- {name: code, type: registry-image, source: {repository: concourse/git-resource, tag: latest}}
- {name: git, type: registry-image, source: {repository: acme/git-of-our-own}}
resources:
- {name: a, type: code, source: {isbn: 1}}
- {name: b, type: git, source: {isbn: 1}}
jobs: []
)") == R"(p.yml:6: note: resource a of type code: `type: build-service` takes it as it stands
p.yml: 0 resources of build-service, in 0 steps: 0 errors, 0 warnings
)");
}
