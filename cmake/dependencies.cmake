# The libraries of others, as imported targets bs-deps::<name>, every one a static archive in both presets: what the
# tests exercise is what is shipped. What Debian lacks comes from scripts/dependencies, the rest from its -dev packages.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/scripts/dependencies")

# Builds them or finds them built, as a link in the build tree: its name stays when a revision changes, so that ccache
# still knows what did not change.
function(deps_build link)
  # clang builds the fuzzers alone, and links what GCC has built.
  set(compiler "${CMAKE_CXX_COMPILER}")
  if(BUILD_SERVICE_FUZZ)
    set(compiler g++)
  endif()
  set(architecture)
  if(CMAKE_CROSSCOMPILING)
    set(architecture --architecture ${BUILD_SERVICE_ARCHITECTURE})
  endif()
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env "CXX=${compiler}"
      "${PROJECT_SOURCE_DIR}/scripts/dependencies" --print-prefix ${architecture} ${ARGN}
    OUTPUT_VARIABLE output OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "scripts/dependencies failed; its last line above says why")
  endif()
  message(STATUS "Libraries built from source: ${output}")
  file(CREATE_LINK "${output}" "${link}" SYMBOLIC)
endfunction()

set(deps_prefix "${PROJECT_BINARY_DIR}/dependencies")
set(deps_tests_prefix "${PROJECT_BINARY_DIR}/dependencies-tests")
deps_build("${deps_prefix}")
if(BUILD_SERVICE_TESTS)
  deps_build("${deps_tests_prefix}" --tests)
endif()

find_package(Threads REQUIRED)

# Notes whose license the licenses' file must have (cmake/licenses.cmake); what the tests alone link is not shipped.
function(deps_licensed path prefix package)
  if(prefix STREQUAL deps_tests_prefix)
    return()
  endif()
  if(prefix)
    set(path "${package}=${prefix}/copyright/${package}:${path}")
  endif()
  set_property(GLOBAL APPEND PROPERTY deps_licensed "${path}")
endfunction()

# deps_archive(name ARCHIVE file [PREFIX folder PACKAGE source] [DEPENDS targets...]): one built from source has a prefix
# and the name of its source package.
function(deps_archive name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ARCHIVE;PREFIX;PACKAGE" "DEPENDS")
  add_library(bs-deps::${name} STATIC IMPORTED GLOBAL)
  if(arg_PREFIX)
    set(path "${arg_PREFIX}/lib/${arg_ARCHIVE}")
    target_include_directories(bs-deps::${name} SYSTEM INTERFACE "${arg_PREFIX}/include")
  else()
    find_library(deps_${name}_archive NAMES ${arg_ARCHIVE})
    mark_as_advanced(deps_${name}_archive)
    set(path "${deps_${name}_archive}")
  endif()
  if(NOT EXISTS "${path}")
    message(FATAL_ERROR "${arg_ARCHIVE} not found; run scripts/setup --build")
  endif()
  set_target_properties(bs-deps::${name} PROPERTIES IMPORTED_LOCATION "${path}")
  target_link_libraries(bs-deps::${name} INTERFACE ${arg_DEPENDS})
  deps_licensed("${path}" "${arg_PREFIX}" "${arg_PACKAGE}")
endfunction()

# RE2 of newer Debian stands on a set of Abseil archives that only its .pc file names.
function(deps_pkg_config name module)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(deps_${name} REQUIRED QUIET ${module})
  set(archives ${deps_${name}_STATIC_LIBRARIES})
  list(REMOVE_ITEM archives pthread dl rt m)
  list(POP_FRONT archives first)
  set(depends Threads::Threads)
  foreach(archive IN LISTS archives)
    find_library(deps_${archive}_archive NAMES lib${archive}.a)
    mark_as_advanced(deps_${archive}_archive)
    if(deps_${archive}_archive)
      list(APPEND depends "${deps_${archive}_archive}")
      deps_licensed("${deps_${archive}_archive}" "" "")
    else()
      list(APPEND depends ${archive})  # one of the compiler's own, which only the linker finds
    endif()
  endforeach()
  deps_archive(${name} ARCHIVE lib${first}.a DEPENDS ${depends})
endfunction()

deps_archive(zlib ARCHIVE libz.a)
deps_archive(zstd ARCHIVE libzstd.a)
# Debian 13 builds its OpenSSL with both compressions.
deps_archive(crypto ARCHIVE libcrypto.a DEPENDS bs-deps::zstd bs-deps::zlib Threads::Threads ${CMAKE_DL_LIBS})
deps_archive(ssl ARCHIVE libssl.a DEPENDS bs-deps::crypto)
deps_archive(nghttp2 ARCHIVE libnghttp2.a)
deps_archive(cares ARCHIVE libcares.a)
deps_archive(http_parser ARCHIVE libhttp_parser.a)
deps_archive(yaml-cpp ARCHIVE libyaml-cpp.a)
deps_archive(archive ARCHIVE libarchive.a DEPENDS bs-deps::zstd bs-deps::zlib)
deps_pkg_config(re2 re2)

deps_archive(curl PREFIX "${deps_prefix}" PACKAGE curl ARCHIVE libcurl.a
  DEPENDS bs-deps::nghttp2 bs-deps::cares bs-deps::ssl bs-deps::zlib Threads::Threads)
target_compile_definitions(bs-deps::curl INTERFACE CURL_STATICLIB)
deps_archive(git2 PREFIX "${deps_prefix}" PACKAGE libgit2 ARCHIVE libgit2.a
  DEPENDS bs-deps::http_parser bs-deps::zlib Threads::Threads)
deps_archive(fmt PREFIX "${deps_prefix}" PACKAGE fmtlib ARCHIVE libfmt.a)
deps_archive(isal PREFIX "${deps_prefix}" PACKAGE libisal ARCHIVE libisal.a)

# nlohmann/json.hpp without its two literals, which nobody uses here: for their sake every source that includes it
# compiles the whole parser, a third of a second each time.
set(deps_json_include "${PROJECT_BINARY_DIR}/generated/lean")
find_file(deps_json_header nlohmann/json.hpp REQUIRED)
mark_as_advanced(deps_json_header)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${deps_json_header}")
deps_licensed("${deps_json_header}" "" "")
file(READ "${deps_json_header}" json_text)
string(REGEX REPLACE "JSON_HEDLEY_NON_NULL\\(1\\)[^{};]*operator *\"\" *_json(_pointer)?\\([^{}]*{[^{}]*}" "" json_text "${json_text}")
string(REGEX REPLACE "using nlohmann::[a-z_:]*operator *\"\" *_json(_pointer)?;" "" json_text "${json_text}")
file(CONFIGURE OUTPUT "${deps_json_include}/nlohmann/json.hpp" CONTENT "${json_text}" @ONLY)
add_library(bs-deps-json INTERFACE)
add_library(bs-deps::json ALIAS bs-deps-json)
target_include_directories(bs-deps-json SYSTEM INTERFACE "${deps_json_include}")

# Headers alone, which no target names.
foreach(header IN ITEMS cxxopts.hpp toml++/toml.h)
  string(MAKE_C_IDENTIFIER "deps_${header}" found)
  find_file(${found} ${header} REQUIRED)
  mark_as_advanced(${found})
  deps_licensed("${${found}}" "" "")
endforeach()

if(BUILD_SERVICE_TESTS)
  deps_archive(catch2 PREFIX "${deps_tests_prefix}" ARCHIVE libCatch2.a)
  deps_archive(catch2_main PREFIX "${deps_tests_prefix}" ARCHIVE libCatch2Main.a DEPENDS bs-deps::catch2)
endif()
