// Where the source of a build came from.
#pragma once

#include <string>

namespace builds {

// As far as it is known: each may be empty.
struct Origin {
  std::string commit;
  std::string repository;  // its address, without credentials
  std::string page;        // the commit's page on the host
  std::string subject;     // the first line of the commit's message, printable
  std::string author;      // the commit's, printable
  std::string author_page;
};

}  // namespace builds
