#include "http/trust.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <dirent.h>
#include <memory>
#include <sstream>
#include <unistd.h>

namespace http {
namespace {

// Debian and Ubuntu; UBI and Fedora (two generations); Alpine; openSUSE.
constexpr std::array<const char*, 6> bundles{
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/ca-bundle.pem",
};
constexpr const char* system_directory = "/etc/ssl/certs";

// "1a2b3c4d.0"
bool is_hash_name(std::string_view name) {
  return name.size() >= 10 && name[8] == '.' &&
         std::all_of(name.begin(), name.begin() + 8, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool is_hashed(const char* path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path), closedir);
  if (directory == nullptr) return false;
  while (const dirent* entry = readdir(directory.get())) {  // NOLINT(concurrency-mt-unsafe): a stream of its own
    if (is_hash_name(entry->d_name)) return true;
  }
  return false;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream text(list);
  for (std::string part; std::getline(text, part, ':');) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

}  // namespace

Trust find_trust(const base::Environment& environment) {
  Trust trust{environment.get_or("SSL_CERT_DIR", ""), environment.get_or("SSL_CERT_FILE", ""), {}};
  // A file that was named is the one meant: a directory of the system beside it would trust more than that.
  if (!trust.bundle.empty()) return {"", trust.bundle, {}};
  trust.folders = split(trust.directory.empty() ? system_directory : trust.directory);
  if (!trust.directory.empty()) return trust;
  const auto* found =
      std::find_if(bundles.begin(), bundles.end(), [](const char* path) { return access(path, R_OK) == 0; });
  if (found != bundles.end()) trust.bundle = *found;
  if (is_hashed(system_directory)) trust.directory = system_directory;
  return trust;
}

}  // namespace http
