#include "git/private_key.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

TEST_CASE("a key that opens with a passphrase only is told from one that is open") {
  const auto openssh = [](std::string_view encoded) {
    return fmt::format("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n", encoded);
  };
  CHECK(git::is_locked(openssh("b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABAVAooefk")));
  CHECK_FALSE(git::is_locked(openssh("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW")));
  // In a pipeline's YAML the lines may have been folded anyhow.
  CHECK(git::is_locked(openssh("b3BlbnNzaC1r\r\n ZXktdjEAAAAACmFl\r\n czI1Ni1jdHIAAAAGYmNyeXB0")));
  CHECK_FALSE(git::is_locked(openssh("b3BlbnNzaC1r\r\n ZXktdjEAAAAABG5v\r\n bmUAAAAEbm9uZQ")));
  CHECK(git::is_locked("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIC3TBX\n-----END ENCRYPTED PRIVATE KEY-----\n"));
  CHECK(git::is_locked("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,BE67D455\n"));
  CHECK_FALSE(git::is_locked("-----BEGIN RSA PRIVATE KEY-----\nMIICXAIBAAKBgQ\n-----END RSA PRIVATE KEY-----\n"));
  CHECK_FALSE(git::is_locked("no key at all"));
  CHECK_FALSE(git::is_locked(openssh("")));
}
