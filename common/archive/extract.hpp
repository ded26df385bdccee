// Unpacks archives below a root that no entry can leave, one after another as the layers of an image
// (image-spec, layer.md): a later entry replaces an earlier one, whiteouts remove what lower layers brought.
// Owners, modes and times are the archive's; owners only for root. Errors: {protocol} for what an archive may not hold,
// {internal, usage} for what the disk refuses. After an error the tree is worthless: its owner removes it.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <unordered_set>

#include "archive/reader.hpp"
#include "archive/rooted.hpp"

namespace archive {

enum class Whiteouts {
  apply,    // ".wh.name" removes `name`, ".wh..wh..opq" what lower layers have in its directory
  literal,  // such names are names
};

enum class Owners { kept, ours };

// What could not be kept, for the log.
struct Omissions {
  std::size_t devices = 0;  // mknod() is not allowed here
  std::string first_device;
  std::size_t attributes = 0;  // extended attributes that this file system or user may not set
  std::string first_attribute;
};

class Extractor {
 public:
  // Owners are kept by default when this process is root.
  Extractor(const std::filesystem::path& root, Whiteouts whiteouts, Limits limits = {});
  Extractor(const std::filesystem::path& root, Whiteouts whiteouts, Owners owners, Limits limits = {});

  // Unpacks all entries of one archive (one layer).
  void apply(Reader& reader);
  // Gives directories their modes and times, which writing into them would change; called once, at the end.
  void finish();

  [[nodiscard]] const Omissions& omissions() const { return omissions_; }
  [[nodiscard]] std::uint64_t entries() const { return entries_; }

 private:
  void take(const Entry& entry, Reader& reader);
  // Whether the entry was a whiteout; done then.
  bool apply_whiteout(const Entry& entry, const std::string& archive_name);
  void hide_lower_children(int directory, const std::string& path);
  void hide_lower(int directory, const std::string& name, const std::string& path);

  void write_file(const Entry& entry, Reader& reader, const Place& place);
  void make_directory(const Entry& entry, const Place& place);
  void make_symlink(const Entry& entry, const Place& place);
  void make_hardlink(const Entry& entry, const std::string& archive_name);
  void make_device(const Entry& entry, const Place& place);

  void count(const Entry& entry, const std::string& archive_name);
  void clear(const Place& place);
  // What is gone gets no metadata at the end: a link may stand there by then.
  void forget_directories(const std::string& path);
  void restore_link_metadata(const Entry& entry, const Place& place) const;
  void restore_metadata(const Entry& entry, int descriptor, const std::string& path);
  void restore_attributes(const Entry& entry, int descriptor, const std::string& path);

  Rooted root_;
  Whiteouts whiteouts_;
  Owners owners_;
  Limits limits_;
  Omissions omissions_;
  std::uint64_t bytes_ = 0;
  std::uint64_t entries_ = 0;
  // What the current archive has written: a whiteout hides lower layers only, wherever it stands in its own.
  std::unordered_set<std::string> written_;
  std::map<std::string, Entry> directories_;
};

}  // namespace archive
