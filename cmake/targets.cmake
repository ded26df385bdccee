# One function for each kind of target, so that a folder's CMakeLists.txt says only what is its own.

# Our own code is held to these; headers of others are SYSTEM and are not.
add_library(bs-warnings INTERFACE)
target_compile_options(bs-warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual
  -Wcast-qual -Wcast-align -Wformat=2 -Wimplicit-fallthrough -Wextra-semi -Wundef -Wunused
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wduplicated-branches -Wlogical-op>
  $<$<BOOL:${BUILD_SERVICE_WERROR}>:-Werror>)
if(BUILD_SERVICE_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC sees paths in sanitized code that cannot be taken.
  target_compile_options(bs-warnings INTERFACE -Wno-maybe-uninitialized)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlaps and overruns in its own std::string where a literal and a string are joined (GCC bug 105651).
  target_compile_options(bs-warnings INTERFACE -Wno-restrict -Wno-array-bounds)
endif()

# The sources of a library joined into a few, where the programs are compiled as a whole: that takes a quarter less
# CPU. Which ones go together is found anew when one of them changes.
function(grouped variable name)
  if(BUILD_SERVICE_GROUPED)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/cmake/groups.py" ${${variable}})
    execute_process(
      COMMAND "${Python3_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/cmake/groups.py" "${PROJECT_BINARY_DIR}/generated/groups/${name}"
        ${${variable}}
      OUTPUT_VARIABLE groups COMMAND_ERROR_IS_FATAL ANY)
    set(${variable} ${groups} PARENT_SCOPE)
  endif()
endfunction()
if(BUILD_SERVICE_GROUPED)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(bs-warnings INTERFACE -Wno-subobject-linkage)  # it takes what is included for a header
  endif()
endif()

# resource_library(NAME base [SOURCES ...] [DEPENDS ...]): the static library of one folder of common/, as bs::<name>.
# SOURCES default to the folder's *.cpp; a folder of headers alone is an interface library.
function(resource_library)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "SOURCES;DEPENDS")
  if(NOT arg_SOURCES)
    file(GLOB arg_SOURCES CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  endif()
  if(arg_SOURCES)
    grouped(arg_SOURCES ${arg_NAME})
    add_library(${arg_NAME} STATIC ${arg_SOURCES})
    set_target_properties(${arg_NAME} PROPERTIES OUTPUT_NAME bs-${arg_NAME})
    target_include_directories(${arg_NAME} PUBLIC "${PROJECT_SOURCE_DIR}/common")
    target_link_libraries(${arg_NAME} PUBLIC ${arg_DEPENDS} PRIVATE bs-warnings)
    use_precompiled(${arg_NAME})
  else()
    add_library(${arg_NAME} INTERFACE)
    target_include_directories(${arg_NAME} INTERFACE "${PROJECT_SOURCE_DIR}/common")
    target_link_libraries(${arg_NAME} INTERFACE ${arg_DEPENDS})
  endif()
  add_library(bs::${arg_NAME} ALIAS ${arg_NAME})
endfunction()

# resource_program(NAME check [DESTINATION opt/resource] [SOURCES ...] [DEPENDS ...]): an installed program.
function(resource_program)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;DESTINATION" "SOURCES;DEPENDS")
  if(NOT arg_SOURCES)
    file(GLOB arg_SOURCES CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  endif()
  if(NOT arg_DESTINATION)
    set(arg_DESTINATION opt/resource)
  endif()
  add_executable(${arg_NAME} ${arg_SOURCES})
  target_include_directories(${arg_NAME} PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/common" "${PROJECT_BINARY_DIR}/generated")
  target_link_libraries(${arg_NAME} PRIVATE ${arg_DEPENDS} bs-warnings)
  install(TARGETS ${arg_NAME} RUNTIME DESTINATION "${arg_DESTINATION}")
endfunction()
