#include "image/ready_made.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/presence.hpp"
#include "image/ready_docker.hpp"
#include "image/ready_layout.hpp"

namespace image {
namespace {

using base::Error;
using base::ErrorKind;

constexpr auto build_again = "build it again, or check the step that made it";
// What one layer may unpack to while it is verified.
constexpr std::uint64_t largest_layer = 256ULL << 30U;

base::Digest digest_of(archive::Input& input, std::uint64_t limit, const std::string& name) {
  base::Sha256 hash;
  std::vector<char> buffer(256UL * 1024);
  std::uint64_t size = 0;
  while (const auto count = input.read(buffer.data(), buffer.size())) {
    size += count;
    if (size > limit) {
      throw Error(ErrorKind::protocol,
                  {"read", name, fmt::format("it unpacks to more than {}", base::human_bytes(limit)), ""});
    }
    hash.update(std::string_view(buffer.data(), count));
  }
  return hash.finish();
}

std::optional<ReadyImage> open_as_archive(const std::filesystem::path& path, const ReadyOptions& options,
                                          base::Log& log) {
  const auto package = archive_package(path, options.name, options.scratch);
  if (auto image = open_docker_archive(*package, options, log)) return image;
  if (auto image = open_layout(*package, options)) return image;
  if (package->open("repositories", Package::Links::refused)) {
    refuse_image(options.name, "it was saved by a docker older than 1.10: it has repositories and no manifest.json",
                 "save it again with a docker of today");
  }
  return std::nullopt;
}

}  // namespace

void refuse_image(const std::string& name, std::string cause, std::string remedy) {
  throw Error(ErrorKind::usage, {"push params.image", name, std::move(cause), std::move(remedy)});
}

ReadyImage open_ready_image(const std::filesystem::path& path, const ReadyOptions& options, base::Log& log) {
  std::optional<ReadyImage> image;
  try {
    if (base::is_directory(path)) {
      image = open_layout(*directory_package(path), options);
    } else {
      image = open_as_archive(path, options, log);
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol) throw;
    const auto& report = error.report();
    const bool is_itself = report.object == options.name;
    refuse_image(options.name, is_itself ? report.cause : fmt::format("{}: {}", report.object, report.cause),
                 report.remedy.empty() ? build_again : report.remedy);
  }
  if (image) return *std::move(image);
  refuse_image(options.name,
               base::is_directory(path) ? "the directory is not an OCI image layout: it has no index.json"
                                        : "the archive holds no image: it has neither manifest.json nor index.json",
               "name the archive of docker save, or an OCI image layout");
}

void verify(const ReadyBlob& blob, const std::string& name) {
  if (blob.is_verified) return;
  try {
    const auto& label = blob.bytes.name;
    if (!blob.diff_id) {
      const auto input = input_of(blob.bytes);
      const auto found = digest_of(*input, largest_layer, label);
      if (found != blob.descriptor.digest) {
        throw Error(ErrorKind::protocol,
                    {"read", label, fmt::format("its bytes have the digest {}", found.text()), ""});
      }
      return;
    }
    const auto input = archive::decompressing(input_of(blob.bytes), label);
    const auto found = digest_of(*input, largest_layer, label);
    if (found != *blob.diff_id) {
      throw Error(
          ErrorKind::protocol,
          {"read", label,
           fmt::format("it unpacks to {}, and the configuration names {}", found.text(), blob.diff_id->text()), ""});
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol) throw;
    refuse_image(name, fmt::format("{}: {}", error.report().object, error.report().cause), build_again);
  }
}

std::vector<registry::Repository> origins_in(const std::map<std::string, std::string>& annotations) {
  constexpr std::string_view source = "containerd.io/distribution.source.";
  constexpr std::size_t most = 4;
  std::vector<registry::Repository> result;
  // Annotations are remarks: what is not a name is passed over.
  const auto add = [&](const std::string& text) {
    try {
      auto repository = registry::Reference::parse(text, "an annotation").repository;
      const bool is_known = std::find(result.begin(), result.end(), repository) != result.end();
      if (!is_known && result.size() < most) result.push_back(std::move(repository));
    } catch (const Error&) {
    }
  };
  for (const auto& [name, value] : annotations) {
    if (name == "org.opencontainers.image.base.name") add(value);
    if (!name.starts_with(source)) continue;
    std::string_view rest = value;
    while (!rest.empty() && result.size() < most) {
      const auto part = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), part.size() + 1));
      if (!part.empty()) add(fmt::format("{}/{}", name.substr(source.size()), part));
    }
  }
  return result;
}

}  // namespace image
