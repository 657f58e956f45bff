# The only ways to declare a target of ours. Each target says what it USES and what it must NEVER reach.

set(LETTERLOCK_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wthread-safety
    -Wnon-virtual-dtor -Wold-style-cast -Wimplicit-fallthrough -Werror)

function(_letterlock_target target)
  set_target_properties(${target} PROPERTIES CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -fstack-protector-strong)
endfunction()

# letterlock_library(NAME n SOURCES ... [USES ...] [PRIVATE_USES ...] [NEVER ...])
# Public headers are those under ${CMAKE_CURRENT_SOURCE_DIR}/include; private ones stand beside the sources.
function(letterlock_library)
  cmake_parse_arguments(A "" "NAME" "SOURCES;USES;PRIVATE_USES;NEVER" ${ARGN})
  add_library(${A_NAME} STATIC ${A_SOURCES})
  _letterlock_target(${A_NAME})
  target_compile_options(${A_NAME} PRIVATE ${LETTERLOCK_WARNINGS})
  target_include_directories(${A_NAME} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  if(IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/include)
    target_include_directories(${A_NAME} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include)
  endif()
  target_link_libraries(${A_NAME} PUBLIC ${A_USES} PRIVATE ${A_PRIVATE_USES})
  set_property(GLOBAL APPEND PROPERTY LETTERLOCK_TARGETS ${A_NAME})
  set_property(TARGET ${A_NAME} PROPERTY LETTERLOCK_NEVER "${A_NEVER}")
endfunction()

# letterlock_binary(NAME n SOURCES ... [USES ...] [NEVER ...])
function(letterlock_binary)
  cmake_parse_arguments(A "" "NAME" "SOURCES;USES;NEVER" ${ARGN})
  add_executable(${A_NAME} ${A_SOURCES})
  _letterlock_target(${A_NAME})
  target_compile_options(${A_NAME} PRIVATE ${LETTERLOCK_WARNINGS})
  target_include_directories(${A_NAME} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${A_NAME} PRIVATE ${A_USES})
  set_target_properties(${A_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  set_property(GLOBAL APPEND PROPERTY LETTERLOCK_TARGETS ${A_NAME})
  set_property(TARGET ${A_NAME} PROPERTY LETTERLOCK_NEVER "${A_NEVER}")
endfunction()

# letterlock_proto(NAME n PROTOS path/in/proto.proto ... [GRPC] [USES ...])
# Generated code in a library of its own, warnings off. With GRPC, service stubs are generated too.
function(letterlock_proto)
  cmake_parse_arguments(A "GRPC" "NAME" "PROTOS;USES" ${ARGN})
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
      COMMAND protobuf::protoc -I ${CMAKE_SOURCE_DIR}/proto ${arguments} ${proto}
      DEPENDS ${CMAKE_SOURCE_DIR}/proto/${proto}
      VERBATIM)
    list(APPEND sources ${files})
  endforeach()
  add_library(${A_NAME} STATIC ${sources})
  _letterlock_target(${A_NAME})
  target_include_directories(${A_NAME} SYSTEM PUBLIC ${out})
  target_link_libraries(${A_NAME} PUBLIC protobuf::libprotobuf ${A_USES})
  if(A_GRPC)
    target_link_libraries(${A_NAME} PUBLIC gRPC::grpc++)
  endif()
  set_property(GLOBAL APPEND PROPERTY LETTERLOCK_TARGETS ${A_NAME})
endfunction()

# letterlock_test(NAME n SOURCES ..._test.cc [USES ...] [LABELS ...]): a GoogleTest binary of claims.
function(letterlock_test)
  cmake_parse_arguments(A "" "NAME" "SOURCES;USES;LABELS" ${ARGN})
  add_executable(${A_NAME} ${A_SOURCES})
  _letterlock_target(${A_NAME})
  target_compile_options(${A_NAME} PRIVATE ${LETTERLOCK_WARNINGS})
  target_include_directories(${A_NAME} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(${A_NAME} PRIVATE LETTERLOCK_VECTORS="${CMAKE_SOURCE_DIR}/tests/vectors")
  target_link_libraries(${A_NAME} PRIVATE ${A_USES} GTest::gmock GTest::gtest_main)
  set_target_properties(${A_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${A_NAME} COMMAND ${A_NAME})
  set_tests_properties(${A_NAME} PROPERTIES LABELS "unit;${A_LABELS}" TIMEOUT 120)
  set_property(GLOBAL APPEND PROPERTY LETTERLOCK_TEST_SOURCES ${A_SOURCES})
endfunction()

function(letterlock_check_layers)
endfunction()
