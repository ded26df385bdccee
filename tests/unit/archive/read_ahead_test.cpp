#include "archive/read_ahead.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "base/error.hpp"
#include "support/without_threads.hpp"

using namespace archive;

namespace {

std::string all_of(Input& input, std::size_t step) {
  std::string result;
  std::string buffer(step, '\0');
  while (const auto count = input.read(buffer.data(), buffer.size())) result.append(buffer, 0, count);
  return result;
}

std::string text_of(std::size_t number) { return std::string(number * 3'000'000, static_cast<char>('a' + number)); }

// Fails after some bytes.
class Broken final : public Input {
 public:
  std::size_t read(char* buffer, std::size_t /*capacity*/) override {
    if (begun_) throw base::Error(base::ErrorKind::protocol, {"read", "it", "it is broken", ""});
    begun_ = true;
    *buffer = 'x';
    return 1;
  }

 private:
  bool begun_ = false;
};

}  // namespace

TEST_CASE("inputs come one after another with all their bytes, empty ones too") {
  ReadAhead ahead(4, [](std::size_t i) { return text_input(text_of(i)); });
  for (std::size_t i = 0; i < 4; ++i) CHECK(all_of(ahead.next(), 100'000) == text_of(i));
}

TEST_CASE("each input has its digest, read to the end or not") {
  ReadAhead ahead(3, [](std::size_t i) { return text_input(text_of(i + 1)); });
  for (std::size_t i = 0; i < 3; ++i) {
    char byte = 0;
    CHECK(ahead.next().read(&byte, 1) == 1);
    CHECK(ahead.digest() == base::Sha256::of(text_of(i + 1)));
  }
}

TEST_CASE("an end that does not come is not read for ever") {
  ReadAhead ahead(1, [](std::size_t) { return text_input(text_of(3)); });
  static_cast<void>(ahead.next());
  CHECK_THROWS_AS(ahead.digest(5'000'000), base::Error);
}

TEST_CASE("what goes wrong on the other thread is thrown by who reads, after the bytes before it") {
  ReadAhead ahead(2, [](std::size_t) { return std::make_unique<Broken>(); });
  auto& input = ahead.next();
  char byte = 0;
  CHECK(input.read(&byte, 1) == 1);
  CHECK_THROWS_AS(input.read(&byte, 1), base::Error);
}

TEST_CASE("an input that cannot be opened is told when it is read") {
  ReadAhead ahead(1, [](std::size_t) -> std::unique_ptr<Input> {
    throw base::Error(base::ErrorKind::transient, {"fetch", "it", "no answer", ""});
  });
  char byte = 0;
  CHECK_THROWS_AS(ahead.next().read(&byte, 1), base::Error);
}

TEST_CASE("who stops in the middle waits for nothing") {
  ReadAhead ahead(3, [](std::size_t) { return text_input(std::string(100'000'000, 'x')); });
  char byte = 0;
  CHECK(ahead.next().read(&byte, 1) == 1);
}

TEST_CASE("where the system gives no thread the bytes are read as they are asked for") {
  const auto said = test::without_threads([] {
    ReadAhead ahead(2, [](std::size_t i) { return text_input(text_of(i)); });
    const bool same = all_of(ahead.next(), 4096) == text_of(0) && all_of(ahead.next(), 4096) == text_of(1) &&
                      ahead.digest() == base::Sha256::of(text_of(1));
    return std::string(same ? "the same" : "others");
  });
  CHECK((said == "the same" || said == "no limit"));
}
