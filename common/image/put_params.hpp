// The params of a put, which builds an image or pushes one that is ready: described once for the reading, the errors
// and the schema.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "json/fields.hpp"

namespace image {

// What a put does where the run image alone has changed.
enum class Rebase {
  automatic,  // a rebase where that can be, else a build
  never,      // a build
  only,       // nothing else: no source is needed, nor a builder
};

// A binding of a service: a directory of the inputs, or what it holds, said here.
struct BindingParam {
  std::string directory;
  std::string type;
  std::string provider;
  std::map<std::string, std::string> secrets;
};
void describe(json::Fields<BindingParam>& fields);

// Tags said here, or words of a file of the inputs.
struct TagsParam {
  std::vector<std::string> tags;
  std::string file;
};

struct PutParams {
  std::string source;
  std::string image;
  std::string version;
  bool bump_aliases = false;
  std::map<std::string, std::string> annotations;
  std::string path;
  std::string run_image;
  std::map<std::string, std::string> env;
  std::string process;
  TagsParam additional_tags;
  std::string tag_prefix;
  std::map<std::string, std::string> labels;
  std::string project;
  std::string builder;
  std::map<std::string, BindingParam> bindings;
  Rebase rebase = Rebase::automatic;
  bool force = false;
  bool clear_cache = false;
};
void describe(json::Fields<PutParams>& fields);

// Error{usage} naming the field, also for values that no environment or label can hold.
[[nodiscard]] PutParams read_put_params(const json::Value& params);

// The additional tags, read from their file where they stand in one, with their prefix. Error{usage} naming the field
// for what is not a tag. A file without tags is no error: `log` says so.
[[nodiscard]] std::vector<std::string> additional_tags(const PutParams& params, const std::filesystem::path& inputs,
                                                       base::Log& log);

}  // namespace image

namespace json {
template <>
struct Type<image::Rebase> {
  static image::Rebase read(const Value& value, const std::string& path);
  static Value schema();
};
template <>
struct Type<image::TagsParam> {
  static image::TagsParam read(const Value& value, const std::string& path);
  static Value schema();
};
// The directory alone, or an object.
template <>
struct Type<image::BindingParam> {
  static image::BindingParam read(const Value& value, const std::string& path);
  static Value schema();
};
}  // namespace json
