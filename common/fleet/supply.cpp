#include "fleet/supply.hpp"

#include "lifecycle/transfer.hpp"

namespace fleet {

Supply::Place& Supply::place(const std::string& host, const registry::Digest& digest) {
  const std::lock_guard lock(mutex_);
  auto& entry = places_[{host, digest}];
  if (!entry) entry = std::make_unique<Place>();
  return *entry;
}

void Supply::bring(const registry::Repository& to, const registry::Repository& origin,
                   const registry::Descriptor& blob) {
  auto& place = this->place(to.host, blob.digest);
  std::optional<registry::Repository> source;
  {
    const std::lock_guard lock(place.mutex);
    if (!place.source && !place.origin_refused && to.host == origin.host) {
      source = origin;
    } else if (place.source) {
      source = place.source;
    } else {
      static_cast<void>(lifecycle::provide_blob(client_, to, origin, blob));
      place.source = to;
      return;
    }
  }
  if (*source == to || client_.mount_blob(to, blob.digest, *source)) return;
  const std::lock_guard lock(place.mutex);
  place.origin_refused = true;
  static_cast<void>(lifecycle::provide_blob(client_, to, origin, blob));
  if (!place.source) place.source = to;
}

}  // namespace fleet
