# The libraries of others, as imported targets bs-deps::<name>, every one a static archive in both presets: what the
# tests exercise is what is shipped. What Debian lacks comes from scripts/dependencies, the rest from its -dev packages.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/scripts/dependencies")
execute_process(
  COMMAND "${CMAKE_COMMAND}" -E env "CXX=${CMAKE_CXX_COMPILER}" "${PROJECT_SOURCE_DIR}/scripts/dependencies" --print-prefix
  OUTPUT_VARIABLE deps_prefix OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE deps_result)
if(NOT deps_result EQUAL 0)
  message(FATAL_ERROR "scripts/dependencies failed; its last line above says why")
endif()
message(STATUS "Libraries built from source: ${deps_prefix}")

find_package(Threads REQUIRED)

# deps_archive(name ARCHIVE file [BUILT] [DEPENDS targets...]): BUILT ones lie in the prefix, with their headers.
function(deps_archive name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "BUILT" "ARCHIVE" "DEPENDS")
  add_library(bs-deps::${name} STATIC IMPORTED GLOBAL)
  if(arg_BUILT)
    set(path "${deps_prefix}/lib/${arg_ARCHIVE}")
    target_include_directories(bs-deps::${name} SYSTEM INTERFACE "${deps_prefix}/include")
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

deps_archive(curl BUILT ARCHIVE libcurl.a
  DEPENDS bs-deps::nghttp2 bs-deps::cares bs-deps::ssl bs-deps::zlib Threads::Threads)
target_compile_definitions(bs-deps::curl INTERFACE CURL_STATICLIB)
deps_archive(git2 BUILT ARCHIVE libgit2.a DEPENDS bs-deps::http_parser bs-deps::zlib Threads::Threads)
deps_archive(fmt BUILT ARCHIVE libfmt.a)
deps_archive(isal BUILT ARCHIVE libisal.a)
deps_archive(catch2 BUILT ARCHIVE libCatch2.a)
deps_archive(catch2_main BUILT ARCHIVE libCatch2Main.a DEPENDS bs-deps::catch2)
