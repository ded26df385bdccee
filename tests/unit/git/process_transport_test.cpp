#include "git/process_transport.hpp"

#include <catch2/catch_test_macros.hpp>

#include "git/protocol.hpp"

using namespace std::chrono_literals;

namespace {

std::unique_ptr<git::Transport> transport(const std::string& script, std::chrono::seconds timeout = 1s) {
  git::ProcessTransportOptions options;
  options.shown = "the host";
  options.command.program = "/bin/sh";
  options.command.arguments = {"-c", script};
  options.command.environment = {{"PATH", "/usr/bin:/bin"}};
  options.patience = {timeout, 10, timeout, timeout * 3};
  options.explain = [](const std::string& errors, const base::ExitStatus& status) {
    return base::Error(base::ErrorKind::denied, {"read", "the host", errors + base::describe(status), ""});
  };
  return git::make_process_transport(std::move(options));
}

// How reading what `script` writes fails.
std::pair<base::ErrorKind, std::string> failure(const std::string& script) {
  git::AdvertisementReader reader;
  try {
    transport(script)->advertise(reader);
  } catch (const base::Error& error) {
    return {error.kind(), error.what()};
  }
  return {base::ErrorKind::internal, "it did not fail"};
}

const std::string too_slow =
    "cannot read the host: it did not answer in time (fewer than 10 bytes a second for 1 seconds); try again later";

}  // namespace

TEST_CASE("a server that says nothing has stalled") {
  const auto [kind, text] = failure("sleep 60");
  CHECK(kind == base::ErrorKind::transient);
  CHECK(text == "cannot read the host: it did not answer in time (it was silent for 1 seconds); try again later");
}

TEST_CASE("a server that never pauses, but says next to nothing, has stalled, too") {
  const auto [kind, text] = failure("while :; do printf 1; sleep 0.3; done");
  CHECK(kind == base::ErrorKind::transient);
  CHECK(text == too_slow);
}

TEST_CASE("a slow server that gets on is waited for") {
  git::AdvertisementReader reader;
  transport("printf '000eversion 2\\n'; for i in 1 2 3 4 5 6; do sleep 0.5; printf 000bcapab%02d $i; done; printf 0000",
            2s)
      ->advertise(reader);
  CHECK(reader.take().capabilities.size() == 6);
}

TEST_CASE("a process that ends early says why") {
  const auto [kind, text] = failure("printf 'no such host, ' >&2; exit 3");
  CHECK(kind == base::ErrorKind::denied);
  CHECK(text == "cannot read the host: no such host, exit status 3");
}

TEST_CASE("what a process leaves behind, with its errors open, is not waited for") {
  const auto began = std::chrono::steady_clock::now();
  const auto [kind, text] = failure("sleep 300 >&- & printf 'no such host, ' >&2; exit 3");
  CHECK(kind == base::ErrorKind::denied);
  CHECK(text == "cannot read the host: no such host, exit status 3");
  CHECK(std::chrono::steady_clock::now() - began < 200s);
}

TEST_CASE("a server that counts says so, and is not taken for one that has stalled") {
  struct Sink final : git::PackSink {
    void restart() override {}
    void write(std::string_view bytes) override { text += bytes; }
    std::string text;
  } sink;
  git::FetchReader reader(sink);
  const std::string counting = "for i in 1 2 3 4 5; do sleep 0.5; printf '0005\\001'; done;";
  const auto counter = transport("printf '000dpackfile\\n'; " + counting + " printf '0009\\001PACK0000'");
  counter->advertise(reader);
  CHECK(sink.text == "PACK");
}
