// check of the image kind: the digests of a tag, or the tags that a rule chooses.
#pragma once

#include <optional>
#include <vector>

#include "concourse/context.hpp"
#include "concourse/version.hpp"
#include "image/source.hpp"
#include "image/version.hpp"
#include "registry/client.hpp"

namespace image {

// The digest that the tag names now, after the given version when that is still in the registry; none when there is
// no such tag.
[[nodiscard]] std::vector<concourse::Version> check(const Source& source, const std::optional<Version>& version,
                                                    concourse::Context& context);

// The same where the connection stands. A mirror is asked first; what it does not answer, the repository does.
[[nodiscard]] std::vector<concourse::Version> check(const Source& source, const std::optional<Version>& version,
                                                    registry::Client& client, base::Log& log);

// Oldest first: the given version while the registry has it, then what the tag names now.
[[nodiscard]] std::vector<concourse::Version> check_tag(const registry::Repository& repository, const std::string& tag,
                                                        const std::optional<Version>& version,
                                                        registry::Client& client);

// The digests before `current` under the tag, oldest first, each once: of the last builds that the record of `current`
// tells of and the registry still has, so that with `current` there are at most `count`. None where the image has no
// record: the log says so.
[[nodiscard]] std::vector<registry::Digest> earlier_digests(registry::Client& client,
                                                            const registry::Repository& repository,
                                                            const registry::Digest& current, std::uint32_t count,
                                                            base::Log& log);

}  // namespace image
