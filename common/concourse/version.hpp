// What a resource says of a version: the version itself, and the metadata shown beside it on the build's page
// (Concourse, "Implementing a resource type"). Both are flat lists of text.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace concourse {

// Concourse compares versions as wholes; every value is text.
using Version = std::map<std::string, std::string>;

// In the order in which they are shown. A value that is a http(s) URL is shown as a link.
using Metadata = std::vector<std::pair<std::string, std::string>>;

struct VersionAndMetadata {
  Version version;
  Metadata metadata;
};

}  // namespace concourse
