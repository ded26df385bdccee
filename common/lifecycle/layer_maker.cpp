#include "lifecycle/layer_maker.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file_descriptor.hpp"
#include "base/write_all.hpp"
#include "http/message.hpp"

namespace lifecycle {
LayerMaker::LayerMaker(registry::Client& client, const Platform& platform, registry::Repository repository,
                       KnownLayers known, base::Log& log)
    : client_(client), platform_(platform), repository_(std::move(repository)), known_(std::move(known)), log_(log) {}

MadeLayer LayerMaker::make(const PlannedLayer& planned) {
  if (planned.kept) return reuse(planned, *planned.kept);
  if (const auto diff_id = unchanged(planned)) return reuse(planned, *diff_id);
  const auto path = next_path();
  archive::GzipWriter gzip(pool_, path);
  archive::TarWriter tar([&](std::string_view bytes) { gzip.write(bytes); });
  write(planned, tar);
  const auto file = gzip.finish();
  registry::Descriptor blob{
      std::string(registry::media_type::oci_layer_gzip), file.digest, file.size, {}, std::nullopt, ""};
  log_.detail(fmt::format("adding {} ({})", planned.name, base::human_bytes(file.size)));
  upload(blob, path);
  return {{std::move(blob), file.content_digest.text(), planned.created_by}, false};
}

// Hashing costs a third of compressing: a layer that may be one from before is only hashed at first.
std::optional<std::string> LayerMaker::unchanged(const PlannedLayer& planned) const {
  const auto& earlier = planned.earlier;
  const auto is_known = [&](const std::string& diff_id) { return known_.contains(diff_id); };
  if (std::none_of(earlier.begin(), earlier.end(), is_known)) return std::nullopt;
  base::Sha256 hash;
  archive::TarWriter tar([&](std::string_view bytes) { hash.update(bytes); });
  write(planned, tar);
  auto diff_id = hash.finish().text();
  const bool is_earlier = std::find(earlier.begin(), earlier.end(), diff_id) != earlier.end();
  return is_earlier && is_known(diff_id) ? std::optional(std::move(diff_id)) : std::nullopt;
}

void LayerMaker::write(const PlannedLayer& planned, archive::TarWriter& tar) const {
  std::optional<FilesAsBuilder> as_builder;
  if (planned.as_builder) as_builder.emplace(platform_.identity);
  planned.write(tar);
  tar.finish();
}

MadeLayer LayerMaker::reuse(const PlannedLayer& planned, const std::string& diff_id) {
  log_.detail(diff_id == planned.shared ? fmt::format("{}: the layer of the image serves as it is", planned.name)
                                        : fmt::format("reusing {}", planned.name));
  return {{known_.at(diff_id), diff_id, planned.created_by}, true};
}

void LayerMaker::upload(const registry::Descriptor& blob, const std::filesystem::path& path) {
  const auto outcome = client_.put_blob(repository_, blob, http::file_body(path.string(), 0, blob.size));
  if (outcome == registry::Client::Upload::sent) uploaded_ += blob.size;
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
}

std::filesystem::path LayerMaker::next_path() { return temporary_.path() / std::to_string(files_++); }

void fetch_blob(registry::Client& client, const registry::Repository& repository, const registry::Descriptor& blob,
                const std::filesystem::path& path) {
  const base::FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) throw base::system_error("create", path.string(), errno);
  client.stream_blob(repository, blob, [&](std::string_view bytes) { base::write_all(file.get(), bytes, path); });
}

}  // namespace lifecycle
