// Which certificate authorities are trusted: those of the place where the program happens to run.
#pragma once

#include <string>
#include <vector>

#include "base/environment.hpp"

namespace http {

struct Trust {
  // A directory of certificates named by the hash of their subject (c_rehash): only those needed are read, which
  // saves some 20 ms of CPU for each connection; empty when there is none.
  std::string directory;
  // A file with all of them, asked when the directory does not know an authority; empty when there is none.
  std::string bundle;
  // Directories whose files are certificates whatever their names, asked with the bundle: Concourse mounts a worker's
  // --certs-dir on /etc/ssl/certs, and that may hold a company's authority and nothing else.
  std::vector<std::string> folders;
};

// SSL_CERT_FILE and SSL_CERT_DIR (a list with ':') where they are set, else where Debian, Ubuntu, UBI and Alpine keep
// them.
[[nodiscard]] Trust find_trust(const base::Environment& environment);

}  // namespace http
