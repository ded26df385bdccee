#include "git/signature.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "support/local_repository.hpp"

namespace {

using base::Error;

const std::string ssh_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5SmZbXl7Cw2Kq5nkbQXbq4sW0pB9sX8m0W2yTgYb3X";
const std::string pgp_key =
    "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nbWFkZSB1cA==\n-----END PGP PUBLIC KEY BLOCK-----\n";
const std::string pgp_signature = "-----BEGIN PGP SIGNATURE-----\n\nbWFkZSB1cA==\n-----END PGP SIGNATURE-----";
const std::string ssh_signature = "-----BEGIN SSH SIGNATURE-----\nbWFkZSB1cA==\n-----END SSH SIGNATURE-----";

// What verify_signature says of a commit with this signature.
std::optional<Error> verdict(const std::optional<std::string>& signature, const std::vector<std::string>& keys,
                             const std::string& path = "/usr/bin:/bin") {
  const base::TemporaryDirectory directory("copy", "/tmp");
  git::WorkingCopy copy(directory.path(), "https://example.com/app.git", {});
  const test::LocalRepository repository;
  const auto commit = repository.commit(repository.tree({}), signature);
  const auto name = commit.text().substr(0, 2) + "/" + commit.text().substr(2);
  std::filesystem::create_directories((copy.git_directory() / "objects" / name).parent_path());
  std::filesystem::copy(repository.objects() / name, copy.git_directory() / "objects" / name);
  try {
    git::verify_signature(copy, commit, keys, "source.keys",
                          base::Environment(base::Environment::Variables{{"PATH", path}}));
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("a commit without a signature is denied") {
  const auto error = verdict(std::nullopt, {ssh_key});
  REQUIRE(error);
  CHECK(error->kind() == base::ErrorKind::denied);
  CHECK(error->report().cause == "it is not signed");
  CHECK(error->report().remedy == "check source.keys");
}

TEST_CASE("a signature that is of none of the keys is denied") {
  for (const auto& signature : {pgp_signature, ssh_signature}) {
    const auto error = verdict(signature, {ssh_key, pgp_key});
    REQUIRE(error);
    CHECK(error->kind() == base::ErrorKind::denied);
    CHECK(error->report().cause == "its signature is of none of the keys");
  }
}

TEST_CASE("a signature of a kind for which no key is given is denied by that name") {
  CHECK(verdict(pgp_signature, {ssh_key})->report().cause ==
        "it is signed by OpenPGP, and no key of that kind is given");
  CHECK(verdict(ssh_signature, {pgp_key})->report().cause == "it is signed by ssh, and no key of that kind is given");
}

TEST_CASE("a text that is not a key is named by its place") {
  for (const char* bad : {"", "hello", "ssh-ed25519 AAAA\nssh-rsa BBBB",
                          "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!\n-----END PGP PUBLIC KEY BLOCK-----"}) {
    INFO(bad);
    const auto error = verdict(ssh_signature, {ssh_key, bad});
    REQUIRE(error);
    CHECK(error->kind() == base::ErrorKind::usage);
    CHECK(error->report().object == "source.keys[1]");
  }
}

TEST_CASE("a missing verifier is told apart from a bad signature") {
  const auto error = verdict(ssh_signature, {ssh_key}, "/nonexistent");
  REQUIRE(error);
  CHECK(error->kind() == base::ErrorKind::usage);
  CHECK(error->report().cause == "there is no ssh-keygen program");
}
