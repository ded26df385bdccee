#include "image/standing.hpp"

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace image {
namespace {

using base::Error;
using base::ErrorKind;

// Some registries answer "denied" for a repository that is not there yet; by now it is there, since something was
// written to it. So a refusal means a login that may write and not read, with which every build would be the first.
Found look_up_image(registry::Client& client, const Source& source, base::Log& log) {
  Found found;
  found.seen = log.clock().steady_now();
  try {
    found.standing.previous = lifecycle::look_up_previous_image(client, target_of(source), source.platform);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::denied) throw;
    throw Error(ErrorKind::denied,
                {"read", "image " + target_of(source).text(), error.report().cause,
                 "the login may write here and not read: give it the right to pull, too, since a put builds on the "
                 "image that stands"})
        .answered(error.status(), error.code());
  }
  const auto& image = found.standing.previous.image;
  if (image) {
    auto record = builds::look_for_record(client.brief(), source.repository, image->image.raw.digest);
    if (!record.unknown.empty()) log.info("the record of the image that stands is not known: " + record.unknown);
    found.record = std::move(record.record);
    found.record_unknown = !record.unknown.empty();
  }
  return found;
}

}  // namespace

std::string watched_tag(const Source& source) { return source.tag.value_or("latest"); }

registry::Reference target_of(const Source& source) { return {source.repository, watched_tag(source), std::nullopt}; }

registry::Reference cache_of(const Source& source) {
  constexpr std::size_t longest_tag = 128;
  return source.cache.value_or(target_of(source).with_tag(("cache-" + watched_tag(source)).substr(0, longest_tag)));
}

Found look_up(registry::Client& client, const Source& source, const lifecycle::RunImageChoice& choice, base::Log& log) {
  base::Workers beside(1);
  auto run_image =
      beside.submit([&] { return lifecycle::find_run_image(client, choice, source.repository, source.platform); });
  client.require_write_access(source.repository);
  const auto cache = cache_of(source).repository;
  if (cache != source.repository) client.require_write_access(cache);
  auto found = look_up_image(client, source, log);
  found.run_image = run_image.get();
  return found;
}

Found look_up_for_rebase(registry::Client& client, const Source& source, lifecycle::RunImageChoice choice,
                         base::Log& log) {
  client.require_write_access(source.repository);
  auto found = look_up_image(client, source, log);
  const auto& image = found.standing.previous.image;
  if (image) choice.known = {image->metadata.run_image.name};
  if (choice.named || !choice.known.empty()) {
    found.run_image = lifecycle::find_run_image(client, choice, source.repository, source.platform);
  }
  return found;
}

}  // namespace image
