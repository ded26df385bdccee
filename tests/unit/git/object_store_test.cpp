#include "git/object_store.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "support/hex.hpp"

namespace {

// A commit with one file, as the tests' own tools pack it.
const std::string pack = test::from_hex(
    "5041434b000000020000000336789ccb48cdc9c9e70200084b021fa002789c3334303033315148cbcc496538c768a6caccbde2f64ab6ef61d3"
    "eae7cd593cc5cd0b00a0db0bbd950a789c958b410ac2301045f739c5ec05699a666c418a3dca24f9b142332d25058fafa217f02f1e8f07bfee"
    "00e5e0a5673b0c995ddb39cb0de043c72eb531f9e8384b46e064e4a8f3bad3a44ad357afa27ac353cab6e01cd73292bd34bfd1e943f3aee551"
    "2bfefd19a1388bde615e5375314f2b856ea56eb7d8f8ecb6c46d49a535f86cef4c55");
const git::ObjectId head = *git::ObjectId::parse("2b3b6c2e2b70b1dfde2e1b883d658c103deafc82");

class PackRemote final : public git::Remote {
 public:
  [[nodiscard]] git::RemoteRefs refs(const std::vector<std::string>& /*prefixes*/) override { return {}; }
  [[nodiscard]] bool can_filter() override { return true; }
  [[nodiscard]] bool can_deepen() override { return true; }
  [[nodiscard]] bool can_want_any() override { return true; }
  [[nodiscard]] std::string shown() const override { return "there"; }
  git::FetchResult fetch(const git::FetchRequest& /*request*/, git::PackSink& sink) override {
    sink.restart();
    for (const char byte : pack) sink.write({&byte, 1});
    git::FetchResult result;
    result.has_pack = true;
    return result;
  }
};

std::string refusal(const git::PackLimits& limits) {
  const base::TemporaryDirectory directory("objects", "/tmp");
  git::ObjectStore store(directory.path() / "objects");
  PackRemote remote;
  try {
    store.fetch(remote, {}, limits);
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::protocol);
    CHECK_FALSE(store.has(head));
    return error.what();
  }
  CHECK(store.find_commit(head)->message == "a change\n");
  return "";
}

}  // namespace

TEST_CASE("a pack within its limits is stored") { CHECK(refusal({}).empty()); }

TEST_CASE("a pack is refused as soon as it passes a limit") {
  const std::string begin = "cannot read the pack that there sent: ";
  CHECK(refusal({.bytes = 200}) == begin + "it is larger than 200 B");
  CHECK(refusal({.objects = 2}) == begin + "it has 3 objects");
  using namespace std::chrono_literals;
  CHECK(refusal({.time = -1ms, .time_per_mebibyte = 0ms}) == begin + "it takes too long to unpack");
}
