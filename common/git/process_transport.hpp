// Packets over the pipes of a process: git-upload-pack for a local repository, ssh for one elsewhere. The process
// serves all requests of a conversation in version 2, one in older versions; it is started anew when it has ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "base/process.hpp"
#include "git/field_names.hpp"
#include "git/pace.hpp"
#include "git/transport.hpp"

namespace git {

struct ProcessTransportOptions {
  base::Command command;
  std::string shown;  // the repository, for errors
  Patience patience;
  FieldNames fields;
  // Makes of what the process wrote to stderr, and of its end, the error that a person should read.
  std::function<base::Error(const std::string& errors, const base::ExitStatus& status)> explain;
};

[[nodiscard]] std::unique_ptr<Transport> make_process_transport(ProcessTransportOptions options);

// For a repository in a local directory. `path` is the PATH in which git-upload-pack is searched; nothing when there
// is none.
[[nodiscard]] std::unique_ptr<Transport> make_upload_pack_transport(const std::filesystem::path& repository,
                                                                    std::string_view path, const FieldNames& fields);

}  // namespace git
