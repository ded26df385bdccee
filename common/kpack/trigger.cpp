#include "kpack/trigger.hpp"

#include "base/error.hpp"
#include "kpack/resources.hpp"

namespace kpack {

bool request_build_after(kubernetes::Client& client, const std::string& space, const Build& newest) {
  const json::Value annotations = {{std::string(annotation::build_needed), base::rfc3339(client.clock().now())}};
  try {
    client.patch(build_resource, space, newest.name, {{"metadata", {{"annotations", annotations}}}});
    return true;
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::not_found && error.status() == 404) return false;
    throw;
  }
}

}  // namespace kpack
