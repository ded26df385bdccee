#include "kpack/pending_pods.hpp"

#include "kpack/pod.hpp"
#include "kpack/resources.hpp"

namespace kpack {

std::map<std::string, std::string> pending_pods(kubernetes::Client& client, const std::string& space) {
  std::map<std::string, std::string> result;
  const kubernetes::Selection selection{std::string(label::build), "status.phase=Pending"};
  for (const auto& object : client.list(kubernetes::pods, space, selection).items) {
    const auto* metadata = json::find(object, "metadata");
    const auto* labels = metadata == nullptr ? nullptr : json::find(*metadata, "labels");
    if (labels == nullptr) continue;
    if (auto what = obstacle_of(Pod(object))) result[json::text_or(*labels, label::build)] = std::move(*what);
  }
  return result;
}

}  // namespace kpack
