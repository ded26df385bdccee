// A kind of resource as one value: the field of `source` that says which kind it is, and what it does in each step. The
// frame of the steps (concourse/program.hpp) knows kinds by this value alone; kinds/kinds.hpp lists them.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "concourse/context.hpp"
#include "concourse/request.hpp"
#include "concourse/version.hpp"

namespace concourse {

// A request that its kind has read into types of its own: nothing has been contacted or written yet.
template <class Run>
struct Prepared {
  std::function<std::string()> explain;  // --explain: what it is and what it would contact
  std::function<Run> run;
};
// The versions, oldest first.
using Check = Prepared<std::vector<Version>(Context&)>;
// Fills `destination`, which exists; what a failure leaves in it is removed by the frame (concourse/destination.hpp).
using In = Prepared<VersionAndMetadata(const std::filesystem::path& destination, Context&)>;
// `inputs` is the directory that holds the inputs of the put.
using Out = Prepared<VersionAndMetadata(const std::filesystem::path& inputs, Context&)>;

// What a kind does in one step.
template <class Step>
struct Service {
  std::string_view result;                    // for --help: "digests of an image"
  Step (*prepare)(const Request&) = nullptr;  // Error{usage} naming the field
  json::Value (*schema)() = nullptr;          // what the user writes: of check the source, of in and out the params
};

// A step that a kind does not have.
struct NotServed {
  std::string_view remedy;
};

template <class Step>
using Offer = std::variant<Service<Step>, NotServed>;

// A file that a get writes, below its directory.
struct File {
  std::string_view name;  // "digest", "logs/<number>.log"
  std::string_view what;  // as the help of a field (json/fields.hpp): its content, and when it is there if not always
};

struct Kind {
  std::string_view name;   // "image"
  std::string_view field;  // "repository": a resource with source.repository is of this kind
  std::string_view what;   // "an image built here"
  Offer<Check> check;
  Offer<In> in;
  Offer<Out> out;
  Version example{};  // what a version looks like, for those who judge a get without having one (pipeline/lint.hpp)
  std::span<const File> files{};  // what in writes
};

// "image (source.repository: an image built here)": the kind as people know it.
[[nodiscard]] std::string describe(const Kind& kind);

// The kind that the fields of `source` name. Error{usage} for none and for several.
[[nodiscard]] const Kind& kind_of(const json::Value& source, std::span<const Kind> kinds);

// Error{usage}: never an empty answer, which a pipeline would take for "nothing new".
[[noreturn]] void refuse(const Kind& kind, const NotServed& step);

template <class Step>
[[nodiscard]] const Service<Step>& service(const Kind& kind, Offer<Step> Kind::*step) {
  if (const auto* refused = std::get_if<NotServed>(&(kind.*step))) refuse(kind, *refused);
  return std::get<Service<Step>>(kind.*step);
}

// Checks that `version` has exactly these keys, each non-empty: a version of another kind is an error that shows what
// this kind's versions look like.
void require_version_keys(const Version& version, const std::vector<std::vector<std::string_view>>& shapes,
                          const Kind& kind);

}  // namespace concourse
