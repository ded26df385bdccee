// How a kind of resource calls the fields that the messages of this folder tell its user of. A field that a kind does
// not have keeps the plain name.
#pragma once

#include <string>

namespace kpack {

struct FieldNames {
  std::string trigger = "the trigger";
  std::string timeout = "the timeout";
  std::string builder = "the Image's builder";
  std::string git_url = "the address of its repository";
};

}  // namespace kpack
