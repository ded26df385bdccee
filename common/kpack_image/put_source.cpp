#include "kpack_image/put_source.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "concourse/inputs.hpp"
#include "http/url.hpp"
#include "kpack_image/commit_lookup.hpp"
#include "kpack_image/local_checkout.hpp"
#include "kpack_image/source_image.hpp"
#include "registry/connection.hpp"

namespace kpack_image {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr std::uint64_t largest_file = 64UL << 10U;

// The one line of a file of an input.
std::string line_of(const fs::path& inputs, const std::string& path, const std::string& field) {
  const auto parent = fs::path(path).parent_path();
  const auto directory = concourse::input_directory(inputs, parent.empty() ? "." : parent.string(), field);
  const auto file = directory / fs::path(path).filename();
  auto text = base::read_file_if_exists(file, largest_file);
  if (!text) json::wrong_value(field, fmt::format("there is no file {}", path), "check the path");
  const auto is_blank = [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; };
  while (!text->empty() && is_blank(text->back())) text->pop_back();
  text->erase(text->begin(), std::find_if_not(text->begin(), text->end(), is_blank));
  if (text->empty()) json::wrong_value(field, fmt::format("the file {} is empty", path));
  const bool is_line = std::all_of(text->begin(), text->end(), [](char c) { return c > ' ' && c != 0x7f; });
  if (!is_line) {
    json::wrong_value(field,
                      text->find('\n') != std::string::npos
                          ? fmt::format("the file {} has several lines", path)
                          : fmt::format("the file {} holds blanks or control characters", path),
                      "it must hold one revision or URL and nothing else");
  }
  return std::move(*text);
}

std::string require_url(std::string text, const std::string& field) {
  const auto url = http::Url::parse(text);
  if (!url) json::wrong_value(field, fmt::format("\"{}\" is not an http or https URL", base::printable(text, 256)));
  if (url->credentials)
    json::wrong_value(field, "the URL holds credentials, which every reader of the Image would see");
  return text;
}

kpack::Source git_source(const std::string& url, const git::ObjectId& commit) {
  return {kpack::Source::Kind::git, url, commit.text(), ""};
}

kpack::Source find_commit(const std::string& revision, const SourceBase& base, const Source& source,
                          concourse::Context& context) {
  const auto commit = git::ObjectId::parse(revision);
  // kpack was told of it before, and has built it or is about to.
  if (commit && revision == base.current) return git_source(base.git_url, *commit);
  if (base.git_url.empty()) {
    throw Error(ErrorKind::usage, {"build", "the Image " + source.image, "its source is not a git repository",
                                   "say which one the revision is of by params.create.git_url"});
  }
  Looked looked;
  if (source.git.lookup) looked = look_up(base.git_url, revision, source, context);
  if (looked.sight == Sight::absent) {
    json::wrong_value("params.commitish",
                      fmt::format("there is no {} in {}", base::printable(revision, 128), base.git_url),
                      "push it first, or check that the Image is of this repository");
  }
  if (looked.commit) return git_source(base.git_url, *looked.commit);
  if (!commit) {
    json::wrong_value("params.commitish",
                      fmt::format("{} is not a commit, and cannot be looked up", base::printable(revision, 128)),
                      "give the 40 digits of a commit, or credentials in source.git");
  }
  return git_source(base.git_url, *commit);
}

// A checkout of the Image's own repository without a change is as good as its commit, which kpack fetches itself.
std::optional<kpack::Source> commit_of_checkout(const fs::path& directory, const SourceBase& base, const Source& source,
                                                concourse::Context& context) {
  if (base.git_url.empty()) return std::nullopt;
  const auto checkout = clean_checkout(directory);
  if (!checkout || !is_same_repository(checkout->remote, base.git_url)) return std::nullopt;
  const auto made = git_source(base.git_url, checkout->commit);
  if (checkout->commit.text() == base.current || !source.git.lookup) return made;
  if (look_up(base.git_url, checkout->commit.text(), source, context).sight != Sight::absent) return made;
  context.log.info(fmt::format("{} is not in {} yet: its files are pushed", checkout->commit.text(), base.git_url));
  return std::nullopt;
}

kpack::Source push_files(const fs::path& directory, const SourceBase& base, const Source& source,
                         concourse::Context& context) {
  const auto tag = registry::Reference::parse(base.tag, "the Image's spec.tag");
  const auto repository = source_repository(tag);
  auto connection = registry::connect(source.hosts, context);
  const auto image = push_source_image(directory, repository, fmt::format("{}-{}", source.space, source.image),
                                       *connection.registry, context.log);
  return {kpack::Source::Kind::registry, image, "", ""};
}

}  // namespace

GivenSource read_given_source(const PutFields& fields, const fs::path& inputs) {
  GivenSource result;
  if (!fields.commitish.empty()) result.revision = line_of(inputs, fields.commitish, "params.commitish");
  const auto read_url_file = [&](const std::string& path, const std::string& field) {
    if (!path.empty()) result.blob_url = require_url(line_of(inputs, path, field), field);
  };
  read_url_file(fields.blob_url_path, "params.blob_url_path");
  read_url_file(fields.blob_url_file, "params.blob_url_file");
  if (!fields.blob_url.empty()) result.blob_url = require_url(fields.blob_url, "params.blob_url");
  if (!fields.source.empty()) result.files = concourse::input_directory(inputs, fields.source, "params.source");
  return result;
}

kpack::Source find_source(const GivenSource& given, const SourceBase& base, const Source& source,
                          concourse::Context& context) {
  if (given.blob_url) return {kpack::Source::Kind::blob, *given.blob_url, "", ""};
  if (given.revision) return find_commit(*given.revision, base, source, context);
  if (auto commit = commit_of_checkout(*given.files, base, source, context)) return std::move(*commit);
  return push_files(*given.files, base, source, context);
}

}  // namespace kpack_image
