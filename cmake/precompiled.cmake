# The headers of others that most sources use, parsed once for all targets: they are most of what compiling costs. Sources
# include what they use all the same: clang-tidy and the fuzzers compile without this.
set(precompiled_headers
  <algorithm> <array> <cerrno> <charconv> <chrono> <cstdint> <filesystem> <functional> <map> <memory> <mutex> <optional>
  <set> <sstream> <string> <string_view> <thread> <utility> <variant> <vector> <fmt/format.h> <nlohmann/json.hpp>)

function(precompiled_setup)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()
  endif()
  set(source "${PROJECT_BINARY_DIR}/generated/precompiled.cpp")
  file(CONFIGURE OUTPUT "${source}" CONTENT "// A target needs a source.\n")
  add_library(bs-precompiled OBJECT "${source}")
  # -Wpedantic has macros of its own, so the warnings must be the same, too.
  target_link_libraries(bs-precompiled PRIVATE bs-deps::json bs-deps::fmt bs-warnings)
  target_precompile_headers(bs-precompiled PRIVATE ${precompiled_headers})

  # ccache would hash the 100 MB of the precompiled file, in which every build tree differs. It takes this sum of the
  # headers' text in its place, so that another clone finds what this one has compiled.
  list(TRANSFORM precompiled_headers PREPEND "#include " OUTPUT_VARIABLE text)
  string(REPLACE ";" "\n" text "${text}")
  set(header "${PROJECT_BINARY_DIR}/generated/precompiled.hpp")
  file(CONFIGURE OUTPUT "${header}" CONTENT "${text}\n")
  cmake_path(RELATIVE_PATH deps_json_include BASE_DIRECTORY "${PROJECT_BINARY_DIR}" OUTPUT_VARIABLE json_include)
  cmake_path(RELATIVE_PATH deps_prefix BASE_DIRECTORY "${PROJECT_BINARY_DIR}" OUTPUT_VARIABLE prefix)
  execute_process(
    COMMAND "${CMAKE_CXX_COMPILER}" -std=c++20 -isystem "${json_include}" -isystem "${prefix}/include"
      -x c++ -E -P -dD "${header}"
    WORKING_DIRECTORY "${PROJECT_BINARY_DIR}"  # some headers name their own path
    OUTPUT_VARIABLE text RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "the precompiled headers cannot be read; run scripts/setup --build")
  endif()
  string(SHA256 sum "${text}")
  file(CONFIGURE CONTENT "${sum}\n"
    OUTPUT "${PROJECT_BINARY_DIR}/CMakeFiles/bs-precompiled.dir/cmake_pch.hxx.gch.sum")
endfunction()

# A target whose options of the compiler are not those of all others cannot use it.
function(use_precompiled target)
  if(TARGET bs-precompiled)
    target_precompile_headers(${target} REUSE_FROM bs-precompiled)
  endif()
endfunction()

precompiled_setup()
