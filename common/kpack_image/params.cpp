#include "kpack_image/params.hpp"

#include <fmt/format.h>

namespace kpack_image {
namespace {

constexpr std::uint32_t most_builds = 100;

}  // namespace

void describe(json::Fields<InParams>& fields) {
  fields.optional("skip_download", &InParams::skip_download,
                  "taken, so that a pipeline can change its engine: an image built by kpack is never downloaded");
  fields.optional("builds", &InParams::builds,
                  "how many of the Image's builds are written to builds.json, builds.txt and logs/; at most 100");
}

InParams read_in_params(const json::Value& params) {
  const auto result = json::read<InParams>(params, "params");
  if (result.builds > most_builds) {
    json::wrong_value("params.builds", fmt::format("at most {} builds are written", most_builds));
  }
  return result;
}

}  // namespace kpack_image
