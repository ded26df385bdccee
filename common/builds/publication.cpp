#include "builds/publication.hpp"

namespace builds {
namespace {

class Publisher {
 public:
  Publisher(registry::Client& client, const Publication& publication) : client_(client), publication_(publication) {}

  Published run() {
    if (!may_go_on()) return {false, standing_};
    if (publication_.looked) publication_.looked(standing_);
    if (publication_.record) {
      client_.put_manifest({publication_.repository, std::nullopt, publication_.image.digest}, publication_.image);
      publication_.record(standing_);
      // Writing a record takes its time: where the tag may not be overwritten, it is looked at again.
      if (publication_.when_moved == Publication::Moved::left_alone && !may_go_on()) return {false, standing_};
    }
    for (const auto& tag : publication_.tags) {
      client_.put_manifest({publication_.repository, tag, std::nullopt}, publication_.image);
    }
    return {true, standing_};
  }

 private:
  bool may_go_on() {
    standing_ = client_.resolve({publication_.repository, publication_.tags.front(), std::nullopt});
    if (publication_.when_moved == Publication::Moved::overwritten) return true;
    const auto now = standing_ ? std::optional(standing_->digest) : std::nullopt;
    return now == publication_.seen;
  }

  registry::Client& client_;
  const Publication& publication_;
  std::optional<registry::Descriptor> standing_;
};

}  // namespace

Published publish(registry::Client& client, const Publication& publication) {
  return Publisher(client, publication).run();
}

}  // namespace builds
