# The only ways to declare a target of ours. Each target says what it USES and what it must NEVER
# reach; letterlock_check_layers(), in LetterlockLayers.cmake, holds the whole build to that.

include("${CMAKE_CURRENT_LIST_DIR}/LetterlockLayers.cmake")

set(LETTERLOCK_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wthread-safety
    -Wnon-virtual-dtor -Wold-style-cast -Wimplicit-fallthrough -Werror)

# What all targets of ours have in common, and what the layer check must know of each:
#   LETTERLOCK_FOLDER  where it lives, relative to the root (several targets may share a folder)
#   LETTERLOCK_KIND    library | binary | proto | test | fuzzer | benchmark
#   LETTERLOCK_NEVER   targets that its link closure must not contain
function(_letterlock_target target kind folder)
  set_property(GLOBAL APPEND PROPERTY LETTERLOCK_TARGETS ${target})
  set_target_properties(${target} PROPERTIES LETTERLOCK_KIND ${kind} LETTERLOCK_FOLDER "${folder}"
                                             LETTERLOCK_NEVER "${ARGN}")
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    return()
  endif()
  set_target_properties(${target} PROPERTIES CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -fstack-protector-strong)
  if(NOT kind STREQUAL "proto")
    target_compile_options(${target} PRIVATE ${LETTERLOCK_WARNINGS})
    target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  if(type STREQUAL "EXECUTABLE")
    _letterlock_sanitize(${target})
  endif()
endfunction()

# The folder of the CMakeLists.txt that is being read, relative to the root.
function(_letterlock_here out)
  file(RELATIVE_PATH folder "${CMAKE_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}")
  set(${out} "${folder}" PARENT_SCOPE)
endfunction()

# letterlock_library(NAME n [SOURCES ...] [USES ...] [PRIVATE_USES ...] [NEVER ...])
# Public headers are those under ${CMAKE_CURRENT_SOURCE_DIR}/include; private ones stand beside the sources.
# Without SOURCES it is headers only (an interface).
function(letterlock_library)
  cmake_parse_arguments(A "" "NAME" "SOURCES;USES;PRIVATE_USES;NEVER" ${ARGN})
  _letterlock_no_more("${A_NAME}" "${A_UNPARSED_ARGUMENTS}")
  set(public PUBLIC)
  if(A_SOURCES)
    add_library(${A_NAME} STATIC ${A_SOURCES})
    target_link_libraries(${A_NAME} PRIVATE ${A_PRIVATE_USES})
  else()
    add_library(${A_NAME} INTERFACE)
    set(public INTERFACE)
  endif()
  target_link_libraries(${A_NAME} ${public} ${A_USES})
  if(IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/include)
    target_include_directories(${A_NAME} ${public} ${CMAKE_CURRENT_SOURCE_DIR}/include)
  endif()
  _letterlock_here(folder)
  _letterlock_target(${A_NAME} library "${folder}" ${A_NEVER})
endfunction()

# letterlock_binary(NAME n SOURCES ... [USES ...] [NEVER ...]): lands in <build>/bin. The target `programs`
# builds them all.
function(letterlock_binary)
  cmake_parse_arguments(A "" "NAME" "SOURCES;USES;NEVER" ${ARGN})
  _letterlock_no_more("${A_NAME}" "${A_UNPARSED_ARGUMENTS}")
  add_executable(${A_NAME} ${A_SOURCES})
  target_link_libraries(${A_NAME} PRIVATE ${A_USES})
  set_target_properties(${A_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  _letterlock_here(folder)
  _letterlock_target(${A_NAME} binary "${folder}" ${A_NEVER})
  if(NOT TARGET programs)
    add_custom_target(programs)
  endif()
  add_dependencies(programs ${A_NAME})
endfunction()

# letterlock_proto(NAME n PROTOS path/in/proto.proto ... [GRPC] [USES ...] [ROOT folder])
# Generated code in a library of its own, warnings off. With GRPC, service stubs are generated too.
# ROOT is where PROTOS are, relative to the root of the tree: `proto`, or a folder of a test.
function(letterlock_proto)
  cmake_parse_arguments(A "GRPC" "NAME;ROOT" "PROTOS;USES" ${ARGN})
  _letterlock_no_more("${A_NAME}" "${A_UNPARSED_ARGUMENTS}")
  if(NOT A_ROOT)
    set(A_ROOT proto)
  endif()
  set(out ${CMAKE_BINARY_DIR}/generated)
  set(sources)
  foreach(proto IN LISTS A_PROTOS)
    string(REGEX REPLACE "\\.proto$" "" base ${proto})
    set(files ${out}/${base}.pb.cc ${out}/${base}.pb.h)
    set(arguments --cpp_out=${out})
    if(A_GRPC)
      list(APPEND files ${out}/${base}.grpc.pb.cc ${out}/${base}.grpc.pb.h)
      list(APPEND arguments --grpc_out=${out} --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>)
    endif()
    add_custom_command(
      OUTPUT ${files}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
      COMMAND protobuf::protoc -I ${CMAKE_SOURCE_DIR}/proto -I ${CMAKE_SOURCE_DIR}/${A_ROOT} ${arguments} ${proto}
      DEPENDS ${CMAKE_SOURCE_DIR}/${A_ROOT}/${proto}
      VERBATIM)
    list(APPEND sources ${files})
  endforeach()
  add_library(${A_NAME} STATIC ${sources})
  target_include_directories(${A_NAME} SYSTEM PUBLIC ${out})
  target_link_libraries(${A_NAME} PUBLIC protobuf::libprotobuf ${A_USES})
  if(A_GRPC)
    target_link_libraries(${A_NAME} PUBLIC gRPC::grpc++)
  endif()
  list(GET A_PROTOS 0 first)
  get_filename_component(folder "${A_ROOT}/${first}" DIRECTORY)
  _letterlock_target(${A_NAME} proto "${folder}")
endfunction()

# letterlock_test(NAME n SOURCES ..._test.cc [USES ...] [LABELS ...]): a GoogleTest binary of claims.
function(letterlock_test)
  cmake_parse_arguments(A "" "NAME" "SOURCES;USES;LABELS" ${ARGN})
  _letterlock_no_more("${A_NAME}" "${A_UNPARSED_ARGUMENTS}")
  add_executable(${A_NAME} ${A_SOURCES})
  target_include_directories(${A_NAME} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(${A_NAME} PRIVATE LETTERLOCK_VECTORS="${CMAKE_SOURCE_DIR}/tests/vectors")
  target_link_libraries(${A_NAME} PRIVATE ${A_USES} GTest::gmock GTest::gtest_main)
  set_target_properties(${A_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  _letterlock_here(folder)
  _letterlock_target(${A_NAME} test "${folder}")
  add_test(NAME ${A_NAME} COMMAND ${A_NAME})
  _letterlock_register(${A_NAME} "${folder}" "${A_LABELS}" "${A_NAME}")
  list(TRANSFORM A_SOURCES PREPEND "${folder}/")
  set_property(GLOBAL APPEND PROPERTY LETTERLOCK_TEST_SOURCES ${A_SOURCES})
endfunction()

# letterlock_script_test(NAME n COMMAND script argument ... [NEEDS target ...] [LABELS ...] [TIMEOUT s])
# A test that is a script, run in a build where NEEDS are up to date; *.py runs under python3.
function(letterlock_script_test)
  cmake_parse_arguments(A "" "NAME;TIMEOUT" "COMMAND;NEEDS;LABELS" ${ARGN})
  _letterlock_no_more("${A_NAME}" "${A_UNPARSED_ARGUMENTS}")
  list(GET A_COMMAND 0 script)
  set(interpreter)
  if(script MATCHES "\\.py$")
    set(interpreter Python3::Interpreter -B)
  endif()
  _letterlock_here(folder)
  add_test(NAME ${A_NAME} COMMAND ${interpreter} ${A_COMMAND} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  _letterlock_register(${A_NAME} "${folder}" "${A_LABELS}" "${A_NEEDS}")
  if(A_TIMEOUT)
    set_tests_properties(${A_NAME} PROPERTIES TIMEOUT ${A_TIMEOUT})
  endif()
endfunction()

# Labels a test with its suite, the folder under tests/ that it lives in (unit, boundary, e2e ...), and
# lets `tests_<suite>` build what the suite needs.
function(_letterlock_register test folder labels needs)
  string(REGEX REPLACE "^tests/([^/]+).*$" "\\1" suite "${folder}")
  set_tests_properties(${test} PROPERTIES LABELS "${suite};${labels}" TIMEOUT 120)
  _letterlock_sanitize_test(${test})
  if(NOT TARGET tests_${suite})
    add_custom_target(tests_${suite} ALL)
  endif()
  if(needs)
    add_dependencies(tests_${suite} ${needs})
  endif()
endfunction()

# letterlock_fuzzer(NAME n SOURCES ... [USES ...]): a libFuzzer target, in the fuzz preset alone; lands
# in <build>/fuzz, built by the target `fuzzers`. Its seeds are the files of tests/fuzz/corpus/NAME. As a test
# of that preset it runs for two seconds; what it finds goes to the build folder, as with ./dev fuzz.
function(letterlock_fuzzer)
  cmake_parse_arguments(A "" "NAME" "SOURCES;USES" ${ARGN})
  _letterlock_no_more("${A_NAME}" "${A_UNPARSED_ARGUMENTS}")
  add_executable(${A_NAME} ${A_SOURCES})
  target_link_libraries(${A_NAME} PRIVATE ${A_USES})
  target_link_options(${A_NAME} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${A_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  _letterlock_here(folder)
  _letterlock_target(${A_NAME} fuzzer "${folder}")
  target_include_directories(${A_NAME} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz)
  if(NOT TARGET fuzzers)
    add_custom_target(fuzzers)
  endif()
  add_dependencies(fuzzers ${A_NAME})
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/corpus/${A_NAME})
  add_test(NAME ${A_NAME}
           COMMAND ${A_NAME} -max_total_time=2 -timeout=10 -artifact_prefix=${CMAKE_BINARY_DIR}/fuzz/${A_NAME}-
                   ${CMAKE_BINARY_DIR}/corpus/${A_NAME} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${A_NAME})
endfunction()

# letterlock_benchmark(NAME n SOURCES ... [USES ...]): lands in <build>/bench.
function(letterlock_benchmark)
  cmake_parse_arguments(A "" "NAME" "SOURCES;USES" ${ARGN})
  _letterlock_no_more("${A_NAME}" "${A_UNPARSED_ARGUMENTS}")
  add_executable(${A_NAME} ${A_SOURCES})
  target_link_libraries(${A_NAME} PRIVATE ${A_USES})
  set_target_properties(${A_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
  _letterlock_here(folder)
  _letterlock_target(${A_NAME} benchmark "${folder}")
endfunction()

# A misspelt keyword (NEVRE ...) would otherwise be dropped without a word.
function(_letterlock_no_more name rest)
  if(rest)
    message(FATAL_ERROR "${name}: not understood: ${rest}")
  endif()
endfunction()

include("${CMAKE_CURRENT_LIST_DIR}/LetterlockSanitizers.cmake")
