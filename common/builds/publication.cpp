#include "builds/publication.hpp"

#include "base/error.hpp"

namespace builds {
namespace {

using base::Error;

// As registries say that a tag is immutable, or that a login may not overwrite it. Other refusals may be of what the
// image lost.
bool forbids_overwriting(const Error& error) {
  const auto status = error.status();
  return status == 403 || status == 405 || status == 409 || status == 412 || error.code() == "TAG_INVALID";
}

// That the question fails, too, says no more than the refusal.
bool names(registry::Client& client, const registry::Reference& tag, const registry::Digest& digest) {
  try {
    const auto standing = client.resolve(tag);
    return standing && standing->digest == digest;
  } catch (const Error&) {
    return false;
  }
}

class Publisher {
 public:
  Publisher(registry::Client& client, const Publication& publication) : client_(client), publication_(publication) {}

  Published run() {
    if (!may_go_on()) return {false, standing_};
    if (publication_.looked) publication_.looked(standing_);
    if (publication_.record) {
      publication_.record(standing_);
      // Writing a record takes its time: where the tag may not be overwritten, it is looked at again.
      if (publication_.when_moved == Publication::Moved::left_alone && !may_go_on()) return {false, standing_};
    }
    for (const auto& tag : publication_.tags) {
      set_tag(client_, {publication_.repository, tag, std::nullopt}, publication_.image);
    }
    return {true, standing_};
  }

 private:
  bool may_go_on() {
    const bool is_overwritten = publication_.when_moved == Publication::Moved::overwritten;
    if (is_overwritten && publication_.when_seen == Publication::Seen::just_now) {
      standing_ = publication_.seen;
      return true;
    }
    const auto now = client_.resolve({publication_.repository, publication_.tags.front(), std::nullopt});
    standing_ = now ? std::optional(now->digest) : std::nullopt;
    return is_overwritten || standing_ == publication_.seen;
  }

  registry::Client& client_;
  const Publication& publication_;
  std::optional<registry::Digest> standing_;
};

}  // namespace

void set_tag(registry::Client& client, const registry::Reference& tag, const registry::RawManifest& image) {
  try {
    client.put_manifest(tag, image);
  } catch (const Error& error) {
    if (!forbids_overwriting(error) || !names(client, tag, image.digest)) throw;
  }
}

Published publish(registry::Client& client, const Publication& publication) {
  return Publisher(client, publication).run();
}

}  // namespace builds
