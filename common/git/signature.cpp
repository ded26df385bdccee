#include "git/signature.hpp"

#include <array>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::string_view armor_begin = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
constexpr std::string_view armor_end = "-----END PGP PUBLIC KEY BLOCK-----";

struct Keys {
  std::string open_pgp;         // binary, as gpgv reads a key ring
  std::string allowed_signers;  // ssh-keygen(1), "ALLOWED SIGNERS"
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() &&
         (text.front() == ' ' || text.front() == '\t' || text.front() == '\r' || text.front() == '\n')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n')) {
    text.remove_suffix(1);
  }
  return text;
}

// RFC 9580, 6.2: header lines, an empty line, base64, and a checksum that begins with '='.
std::optional<std::string> dearmored(std::string_view block) {
  std::string result;
  std::uint32_t bits = 0;
  unsigned count = 0;
  bool in_headers = true;
  while (!block.empty()) {
    const auto newline = block.find('\n');
    const auto line = trimmed(block.substr(0, newline));
    block = newline == std::string_view::npos ? std::string_view() : block.substr(newline + 1);
    if (in_headers && line.find(": ") != std::string_view::npos) continue;
    if (line.empty()) continue;
    in_headers = false;
    if (line.starts_with('=')) break;
    for (const char c : line) {
      if (c == '=') continue;
      constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
      const auto value = alphabet.find(c);
      if (value == std::string_view::npos) return std::nullopt;
      bits = bits << 6U | static_cast<std::uint32_t>(value);
      count += 6;
      if (count < 8) continue;
      count -= 8;
      result += static_cast<char>(bits >> count & 0xFFU);
    }
  }
  return result;
}

Keys read_keys(const std::vector<std::string>& texts, const std::string& field) {
  Keys keys;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto text = trimmed(texts[i]);
    const auto begin = text.find(armor_begin);
    const auto end = text.find(armor_end);
    std::optional<std::string> binary;
    if (begin != std::string_view::npos && end != std::string_view::npos && begin < end) {
      binary = dearmored(text.substr(begin + armor_begin.size(), end - begin - armor_begin.size()));
    }
    if (binary && !binary->empty()) {
      keys.open_pgp += *binary;
    } else if ((text.starts_with("ssh-") || text.starts_with("ecdsa-") || text.starts_with("sk-")) &&
               text.find('\n') == std::string_view::npos) {
      keys.allowed_signers += fmt::format("* namespaces=\"git\" {}\n", text);
    } else {
      throw Error(ErrorKind::usage, {"read", fmt::format("{}[{}]", field, i), "it is not a public key",
                                     "give an armored OpenPGP public key, or a line as in an authorized_keys file"});
    }
  }
  return keys;
}

struct Signed {
  std::string signature;
  std::string content;
};

std::optional<Signed> signature_of(const WorkingCopy& copy, const ObjectId& commit) {
  const auto repository = copy.open();
  git_oid oid = to_oid(commit);
  git_buf signature = GIT_BUF_INIT;
  git_buf content = GIT_BUF_INIT;
  const int code = git_commit_extract_signature(&signature, &content, repository.get(), &oid, nullptr);
  std::optional<Signed> result;
  if (code == 0) result = Signed{{signature.ptr, signature.size}, {content.ptr, content.size}};
  git_buf_dispose(&signature);
  git_buf_dispose(&content);
  if (code != GIT_ENOTFOUND) require(code, "read", "the signature of commit " + commit.text());
  return result;
}

bool passes(base::Command command, const base::Environment& environment) {
  const std::string path = environment.get_or("PATH", "/usr/bin:/bin");
  if (!base::find_program(command.program.string(), path)) {
    throw Error(ErrorKind::usage, {"verify", "the commit's signature",
                                   fmt::format("there is no {} program", command.program.string()), "install it"});
  }
  command.environment = {{"PATH", path}, {"LC_ALL", "C"}};
  return base::run(std::move(command)).status.success();
}

bool verify_open_pgp(const std::filesystem::path& directory, const base::Environment& environment) {
  base::Command command;
  command.program = "gpgv";
  command.arguments = {"--homedir",
                       directory.string(),
                       "--keyring",
                       (directory / "keys").string(),
                       (directory / "signature").string(),
                       (directory / "content").string()};
  return passes(std::move(command), environment);
}

bool verify_ssh(const std::filesystem::path& directory, const base::Environment& environment) {
  base::Command command;
  command.program = "ssh-keygen";
  command.arguments = {"-Y", "verify", "-f", (directory / "signers").string(),  "-I", "signer",
                       "-n", "git",    "-s", (directory / "signature").string()};
  const base::FileDescriptor content(open((directory / "content").c_str(), O_RDONLY | O_CLOEXEC));
  if (!content) throw base::system_error("read", (directory / "content").string(), errno);
  command.input = base::Stream::null;
  command.descriptors = {{content.get(), 0}};
  return passes(std::move(command), environment);
}

}  // namespace

void verify_signature(const WorkingCopy& copy, const ObjectId& commit, const std::vector<std::string>& texts,
                      const std::string& field, const base::Environment& environment) {
  const Keys keys = read_keys(texts, field);
  const auto denied = [&](std::string cause) {
    return Error(ErrorKind::denied, {"verify", "commit " + commit.text(), std::move(cause), "check " + field});
  };
  const auto found = signature_of(copy, commit);
  if (!found) throw denied("it is not signed");
  const base::TemporaryDirectory directory("signature", "/tmp");
  base::write_file(directory.path() / "signature", found->signature, 0600);
  base::write_file(directory.path() / "content", found->content, 0600);
  base::write_file(directory.path() / "keys", keys.open_pgp, 0600);
  base::write_file(directory.path() / "signers", keys.allowed_signers, 0600);
  const bool ssh = found->signature.find("BEGIN SSH SIGNATURE") != std::string::npos;
  if ((ssh ? keys.allowed_signers : keys.open_pgp).empty()) {
    throw denied(fmt::format("it is signed by {}, and no key of that kind is given", ssh ? "ssh" : "OpenPGP"));
  }
  if (!(ssh ? verify_ssh(directory.path(), environment) : verify_open_pgp(directory.path(), environment))) {
    throw denied("its signature is of none of the keys");
  }
}

}  // namespace git
