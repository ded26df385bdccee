// The params of a put that builds: described once for the reading, the errors and the schema.
#pragma once

#include <map>
#include <string>
#include <vector>

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

struct PutParams {
  std::string source;
  std::string path;
  std::string run_image;
  std::map<std::string, std::string> env;
  std::string process;
  std::vector<std::string> additional_tags;
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

}  // namespace image

namespace json {
template <>
struct Type<image::Rebase> {
  static image::Rebase read(const Value& value, const std::string& path);
  static Value schema();
};
// The directory alone, or an object.
template <>
struct Type<image::BindingParam> {
  static image::BindingParam read(const Value& value, const std::string& path);
  static Value schema();
};
}  // namespace json
