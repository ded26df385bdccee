#include "kpack_image/params.hpp"

#include <fmt/format.h>

namespace kpack_image {
namespace {

constexpr std::uint32_t most_builds = 100;

}  // namespace

void describe(json::Fields<InParams>& fields) {
  fields.optional("skip_download", &InParams::skip_download,
                  "has no effect: an image that kpack built is never downloaded. It is taken so that a pipeline can "
                  "change its engine");
  fields.optional("builds", &InParams::builds,
                  "the number of the Image's last builds whose history and logs are written. Default: 0. At most 100");
  fields.optional("deploy", &InParams::deploy, deploying::help);
}

InParams read_in_params(const json::Value& params) {
  const auto result = json::read<InParams>(params, "params");
  if (result.builds > most_builds) {
    json::wrong_value("params.builds", fmt::format("at most {} builds are written", most_builds));
  }
  return result;
}

}  // namespace kpack_image
