// Bytes on their way from a thread that gets them to one that uses them, from memory wherever that will do:
//
//   registry --> write() --> [ some MB of memory, then a file ] --> the Input --> decompressing, unpacking
//
// What is used as it comes never touches the disk. What comes before its turn waits for room, since whoever is busy
// wins nothing by more; it goes on into a file as soon as the user of another spool has to wait for bytes (the line is
// the narrow place then, and should never stand still), or when it has waited so long that its server may cut it.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "archive/input.hpp"

namespace archive {

// What the spools of one download have in common.
class Line {
 public:
  using Block = std::vector<char>;
  [[nodiscard]] Block take();
  void give_back(Block block);

  // Bytes come more slowly than they are used.
  std::atomic<bool> is_narrow = false;

 private:
  std::mutex mutex_;
  std::vector<Block> free_;
};

class Spool {
 public:
  // `overflow` is the file; it is made where it is needed, and nobody sees it.
  Spool(std::filesystem::path overflow, Line& line);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // The getter's side, one thread. What the disk refuses is thrown as base::Error.
  void write(std::string_view bytes);
  // No more comes: because that was all, or for this reason, which reading throws after the bytes before it.
  void end(std::exception_ptr failure = nullptr);

  // The user's side, one thread: its bytes as they come. Once; the spool lives longer.
  [[nodiscard]] std::unique_ptr<Input> open();

  // Nobody wants its bytes any more: what is written is dropped, and reading throws Error{internal}. From any thread.
  void abandon();
  // Waits for end(); throws the failure.
  void wait();

  // How many bytes went through the file.
  [[nodiscard]] std::uint64_t spilled() const;

 private:
  class Queue;
  class Reading;
  std::unique_ptr<Queue> queue_;
};

}  // namespace archive
