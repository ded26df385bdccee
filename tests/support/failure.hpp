// What a call that must fail says.
#pragma once

#include <string>

#include "base/error.hpp"

namespace test {

// The text of the base::Error that `action` throws; empty when it throws none.
template <class Action>
[[nodiscard]] std::string failure(const Action& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace test
