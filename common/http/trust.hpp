// Which certificate authorities are trusted: those of the place where the program happens to run.
#pragma once

#include <filesystem>
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

// The files of a folder that may hold certificates, in the order of their names: what cannot be read or is too large
// is left out, for it is not a reason to trust no other.
[[nodiscard]] std::vector<std::filesystem::path> certificate_files(const std::string& folder);

// The certificates (PEM) that lie in /etc/ssl/certs under any names, where that is all there is: most programs look for
// a bundle or names by hash, and need them as SSL_CERT_FILE. Empty where the environment or the system names a bundle.
[[nodiscard]] std::string loose_certificates(const base::Environment& environment);

}  // namespace http
