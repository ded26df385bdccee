#include "archive/spool.hpp"

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/parallel.hpp"

using namespace archive;

namespace {

std::string all_of(Input& input) {
  std::string result;
  std::string room(10'000, '\0');
  for (auto bytes = input.piece(room); !bytes.empty(); bytes = input.piece(room)) result += bytes;
  return result;
}

std::string text_of(std::size_t size) {
  std::string result(size, '\0');
  for (std::size_t i = 0; i < size; ++i) result[i] = static_cast<char>('a' + i / 1000 % 26);
  return result;
}

void write_in_parts(Spool& spool, std::string_view text) {
  for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(text.size(), 16'384))) {
    spool.write(text.substr(0, 16'384));
  }
}

struct World {
  base::TemporaryDirectory directory{"spool"};
  Line line;
  Spool spool{directory.path() / "layer", line};
};

const base::Error no_answer(base::ErrorKind::transient, {"fetch", "it", "no answer", ""});

}  // namespace

TEST_CASE("what is used as it comes never touches the disk") {
  World world;
  const auto text = text_of(20'000'000);
  base::Workers workers(1);
  auto written = workers.submit([&] {
    write_in_parts(world.spool, text);
    world.spool.end();
  });
  CHECK(all_of(*world.spool.open()) == text);
  written.get();
  CHECK(world.spool.spilled() == 0);
}

TEST_CASE("what comes before its turn over a narrow line goes on into a file that nobody sees") {
  World world;
  world.line.is_narrow = true;
  const auto text = text_of(5'000'000);
  write_in_parts(world.spool, text);
  world.spool.end();
  CHECK(world.spool.spilled() > 3'000'000);
  CHECK(std::filesystem::is_empty(world.directory.path()));
  CHECK(all_of(*world.spool.open()) == text);
}

TEST_CASE("a line is narrow when who uses its bytes waits for them") {
  World world;
  base::Workers workers(1);
  auto read = workers.submit([&] { return all_of(*world.spool.open()); });
  while (!world.line.is_narrow) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  world.spool.write("x");
  world.spool.end();
  CHECK(read.get().front() == 'x');
}

TEST_CASE("why no more comes is thrown after the bytes before it") {
  World world;
  world.spool.write("some");
  world.spool.end(std::make_exception_ptr(no_answer));
  const auto input = world.spool.open();
  std::string room(10, '\0');
  CHECK(input->read(room.data(), room.size()) == 4);
  CHECK_THROWS_AS(input->read(room.data(), room.size()), base::Error);
  CHECK_THROWS_AS(world.spool.wait(), base::Error);
}

TEST_CASE("who waits for room goes on when nobody wants the bytes any more") {
  World world;
  base::Workers workers(1);
  auto written = workers.submit([&] {
    write_in_parts(world.spool, text_of(20'000'000));
    world.spool.end();
  });
  world.spool.abandon();
  written.get();
  world.spool.wait();
  CHECK(world.spool.spilled() == 0);
  std::string room(10, '\0');
  CHECK_THROWS_AS(world.spool.open()->read(room.data(), room.size()), base::Error);
}
