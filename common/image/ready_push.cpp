#include "image/ready_push.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <fmt/format.h>
#include <optional>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "builds/publication.hpp"
#include "registry/limits.hpp"

namespace image {
namespace {

using base::Error;
using base::ErrorKind;

constexpr registry::HostLimits limits;
// A repository that had none of so many blobs is not asked for more.
constexpr std::size_t most_misses = 2;

class ReadyPush {
 public:
  ReadyPush(registry::Client& client, const ReadyImage& image, const ReadyTarget& target, const std::string& name,
            base::Log& log)
      : client_(client), image_(image), target_(target), name_(name), log_(log) {
    for (const auto& origin : image.origins) {
      if (origin.host == target.repository.host && origin != target.repository && origins_.size() < misses_.size()) {
        origins_.push_back(origin);
      }
    }
  }

  ReadyPushed run() {
    client_.foresee_writing(target_.repository, origins_);
    const auto standing = look();
    if (standing && standing->digest == image_.top.digest && stands_everywhere() && stands_whole()) {
      result_.was_unchanged = true;
      push_referrers();
      return result_;
    }
    if (!may_not_look_) result_.was_known = client_.resolve(by_digest(image_.top)).has_value();
    // The registry says whether it still has all of it by taking the manifest once more.
    if (!result_.was_known || lacks_something_ || !stands_whole()) {
      result_.was_known = false;
      push_blobs();
      push_parts();
    }
    push_referrers();
    const auto tags = tags_to_set();
    result_.was_unchanged = tags.empty();
    if (!tags.empty()) set_tags(tags, standing);
    return result_;
  }

 private:
  [[nodiscard]] registry::Reference tagged(const std::string& tag) const {
    return {target_.repository, tag, std::nullopt};
  }
  [[nodiscard]] registry::Reference by_digest(const registry::RawManifest& manifest) const {
    return {target_.repository, std::nullopt, manifest.digest};
  }

  // Some registries answer "denied" for a repository that is not there yet, and some logins may write and not read:
  // the push itself will tell.
  std::optional<registry::Descriptor> look() {
    try {
      return client_.resolve(tagged(target_.tags.front()));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::denied) throw;
    }
    may_not_look_ = true;
    return std::nullopt;
  }

  // Called where the first tag names the image.
  bool stands_everywhere() {
    stands_.assign(target_.tags.size(), 1);
    base::for_each_parallel(target_.tags.size() - 1, limits.questions, [&](std::size_t i) {
      const auto standing = client_.resolve(tagged(target_.tags[i + 1]));
      stands_[i + 1] = standing && standing->digest == image_.top.digest ? 1 : 0;
    });
    return std::find(stands_.begin(), stands_.end(), 0) == stands_.end();
  }

  // A tag that names the image already is left alone: one that is immutable may not be set once more.
  [[nodiscard]] std::vector<std::string> tags_to_set() const {
    std::vector<std::string> result;
    for (std::size_t i = 0; i < target_.tags.size(); ++i) {
      const bool stands = i < stands_.size() && stands_[i] != 0;
      if (!stands || was_mended_) result.push_back(target_.tags[i]);
    }
    return result;
  }

  bool stands_whole() {
    try {
      client_.put_manifest(by_digest(image_.top), image_.top);
      return true;
    } catch (const Error& error) {
      // Something of it is lost, or the registry takes no manifest a second time (400, 405, 409, 412): looking tells.
      if (error.kind() != ErrorKind::protocol && error.kind() != ErrorKind::not_found) throw;
      lacks_something_ = true;
      return false;
    }
  }

  bool has(const registry::Digest& digest) {
    try {
      return client_.has_blob(target_.repository, digest);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::denied || !may_not_look_) throw;
      return false;
    }
  }

  void push_blobs() {
    const auto missing = send_missing(image_.blobs);
    result_.present = image_.blobs.size() - missing;
    was_mended_ = missing != 0;
    result_.mounted = mounted_;
    result_.sent = sent_;
    result_.bytes = bytes_;
  }

  // How many were missing.
  std::size_t send_missing(const std::vector<ReadyBlob>& blobs) {
    std::vector<char> is_there(blobs.size());
    base::for_each_parallel(blobs.size(), limits.questions,
                            [&](std::size_t i) { is_there[i] = has(blobs[i].descriptor.digest) ? 1 : 0; });
    std::vector<const ReadyBlob*> missing;
    for (std::size_t i = 0; i < blobs.size(); ++i) {
      if (is_there[i] == 0) missing.push_back(&blobs[i]);
    }
    base::for_each_parallel(missing.size(), base::cores(), [&](std::size_t i) { verify(*missing[i], name_); });
    base::for_each_parallel(missing.size(), limits.transfers, [&](std::size_t i) { push(*missing[i]); });
    return missing.size();
  }

  void push(const ReadyBlob& blob) {
    if (mount(blob.descriptor.digest)) {
      ++mounted_;
      return;
    }
    client_.put_new_blob(target_.repository, blob.descriptor, body_of(blob.bytes));
    ++sent_;
    bytes_ += blob.descriptor.size;
  }

  bool mount(const registry::Digest& digest) {
    for (std::size_t i = 0; i < origins_.size(); ++i) {
      if (misses_.at(i) >= most_misses) continue;
      if (client_.mount_blob(target_.repository, digest, origins_[i])) {
        misses_.at(i) = 0;
        return true;
      }
      ++misses_.at(i);
    }
    return false;
  }

  // An index is refused where what it names is missing.
  void push_parts() {
    std::vector<const registry::RawManifest*> images;
    for (const auto& part : image_.parts) {
      if (!part.is_index()) images.push_back(&part);
    }
    base::for_each_parallel(images.size(), limits.questions, [&](std::size_t i) { push_part(*images[i]); });
    for (const auto& part : image_.parts) {
      if (part.is_index()) push_part(part);
    }
  }

  void push_part(const registry::RawManifest& part) {
    if (lacks_something_ && client_.resolve(by_digest(part))) return;
    client_.put_manifest(by_digest(part), part);
    was_mended_ = true;
  }

  // Before the tags, so that who follows one finds a signature; also where the image stands already.
  void push_referrers() {
    std::vector<const registry::RawManifest*> missing;
    for (const auto& referrer : image_.referrers) {
      if (may_not_look_ || !client_.resolve(by_digest(referrer))) missing.push_back(&referrer);
    }
    if (missing.empty()) return;
    static_cast<void>(send_missing(image_.referrer_blobs));
    for (const auto* referrer : missing) client_.put_manifest(by_digest(*referrer), *referrer);
    result_.referrers = missing.size();
  }

  void set_tags(const std::vector<std::string>& tags, const std::optional<registry::Descriptor>& seen) {
    if (may_not_look_) {
      for (const auto& tag : tags) client_.put_manifest(tagged(tag), image_.top);
      return;
    }
    builds::Publication publication{target_.repository, image_.top, tags, {}, std::nullopt, {}, {}, {}};
    publication.looked = [&](const auto& standing) {
      const bool is_watched = tags.front() == target_.tags.front();
      const bool moved = is_watched && standing && (!seen || *standing != seen->digest);
      if (moved) {
        log_.info(fmt::format("the tag {} was moved meanwhile, to {}", target_.tags.front(), standing->text()));
      }
    };
    static_cast<void>(builds::publish(client_, publication));
  }

  registry::Client& client_;
  const ReadyImage& image_;
  const ReadyTarget& target_;
  const std::string& name_;
  base::Log& log_;
  ReadyPushed result_;
  bool may_not_look_ = false;
  bool lacks_something_ = false;  // or seems to
  std::atomic<bool> was_mended_ = false;
  std::vector<char> stands_;  // of each tag, where that was asked
  std::vector<registry::Repository> origins_;
  std::array<std::atomic<std::size_t>, 4> misses_{};
  std::atomic<std::size_t> mounted_ = 0;
  std::atomic<std::size_t> sent_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
};

}  // namespace

ReadyPushed push_ready_image(registry::Client& client, const ReadyImage& image, const ReadyTarget& target,
                             const std::string& name, base::Log& log) {
  return ReadyPush(client, image, target, name, log).run();
}

}  // namespace image
