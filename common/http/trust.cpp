#include "http/trust.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <dirent.h>
#include <filesystem>
#include <memory>
#include <sstream>
#include <system_error>
#include <unistd.h>

#include "base/file.hpp"

namespace http {
namespace {

namespace fs = std::filesystem;

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
constexpr std::uintmax_t largest_certificate_file = 4U << 20;  // a bundle of all public authorities has 0.25 MB

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

std::string loose_certificates(const base::Environment& environment) {
  const auto trust = find_trust(environment);
  std::string pem;
  if (!trust.bundle.empty() || !trust.directory.empty()) return pem;
  for (const auto& folder : trust.folders) {
    for (const auto& file : certificate_files(folder)) {
      const auto text = base::read_file(file, largest_certificate_file);
      if (text.find("-----BEGIN CERTIFICATE-----") == std::string::npos) continue;
      pem += text;
      if (!pem.ends_with('\n')) pem += '\n';
    }
  }
  return pem;
}

std::vector<std::filesystem::path> certificate_files(const std::string& folder) {
  constexpr std::size_t most_files = 10'000;
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end && files.size() < most_files;
       entry.increment(error)) {
    std::error_code unreadable;
    if (!entry->is_regular_file(unreadable) || unreadable) continue;
    if (entry->file_size(unreadable) > largest_certificate_file || unreadable) continue;
    if (access(entry->path().c_str(), R_OK) == 0) files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace http
