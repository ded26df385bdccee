// Tar archives made by hand, so that a test can hold what no tar program would write.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

class TarBuilder {
 public:
  struct Attributes {
    unsigned mode = 0644;
    unsigned user = 0;
    unsigned group = 0;
    long modified = 1'000'000'000;
  };

  TarBuilder& file(const std::string& path, std::string_view content, const Attributes& attributes);
  TarBuilder& file(const std::string& path, std::string_view content);
  TarBuilder& directory(const std::string& path, unsigned mode = 0755);
  TarBuilder& symlink(const std::string& path, const std::string& target);
  TarBuilder& hardlink(const std::string& path, const std::string& target, std::string_view content = "");
  TarBuilder& device(const std::string& path, unsigned major, unsigned minor, unsigned mode = 0644);
  TarBuilder& fifo(const std::string& path, unsigned mode);
  // A pax header for the next entry: "path", "SCHILY.xattr.user.note" ...
  TarBuilder& pax(const std::string& key, std::string_view value);
  TarBuilder& pax(const std::vector<std::pair<std::string, std::string>>& records);
  // Bytes of one's own.
  TarBuilder& raw(std::string_view bytes);

  // With the two empty blocks at the end.
  [[nodiscard]] std::string bytes() const;

 private:
  TarBuilder& entry(char type, const std::string& path, const std::string& target, std::string_view content,
                    const Attributes& attributes, unsigned major = 0, unsigned minor = 0);
  std::string bytes_;
};

// RFC 1952, by ISA-L; RFC 8878, by libzstd.
[[nodiscard]] std::string gzipped(std::string_view bytes);
[[nodiscard]] std::string zstd_compressed(std::string_view bytes);

}  // namespace test
