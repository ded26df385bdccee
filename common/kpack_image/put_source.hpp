// What a put is to have built, from its params and its inputs: a commit, an archive, or a directory of files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "concourse/context.hpp"
#include "kpack/objects.hpp"
#include "kpack_image/put_params.hpp"
#include "kpack_image/source.hpp"

namespace kpack_image {

// What the params name, read from the inputs before anything is contacted.
struct GivenSource {
  std::optional<std::string> revision;         // from the file params.commitish
  std::optional<std::string> blob_url;         // from the file params.blob_url_path, or params.blob_url
  std::optional<std::filesystem::path> files;  // params.source
  [[nodiscard]] bool is_empty() const { return !revision && !blob_url && !files; }
};

// Error{usage} naming the field: a file that is not there, is empty or has several lines; a directory likewise; what is
// not a URL.
[[nodiscard]] GivenSource read_given_source(const PutFields& fields, const std::filesystem::path& inputs);

// Where an Image's source comes from.
struct SourceBase {
  std::string git_url;  // empty: its source is not git
  std::string tag;      // the Image's
  std::string current;  // the revision that it has
};

// The source that is written to the Image. Commits are looked up, unless the Image has this one already; files
// are pushed. Error{usage} for a commit that is not there.
[[nodiscard]] kpack::Source find_source(const GivenSource& given, const SourceBase& base, const Source& source,
                                        concourse::Context& context);

}  // namespace kpack_image
