# What the sanitizer presets need besides compiler flags. Debian's gRPC, Protobuf, absl and RocksDB are
# not instrumented; what follows from that is handled here, and nothing of ours is suppressed.

set(LETTERLOCK_TEST_ENVIRONMENT)
find_program(LETTERLOCK_SYMBOLIZER llvm-symbolizer HINTS /usr/lib/llvm-19/bin NO_DEFAULT_PATH)
set(symbolizer)
if(LETTERLOCK_SYMBOLIZER)
  set(symbolizer ":external_symbolizer_path=${LETTERLOCK_SYMBOLIZER}")
endif()

if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=[a-z,-]*address")
  # Default checks and these; odr violations and leaks are errors already.
  list(APPEND LETTERLOCK_TEST_ENVIRONMENT
       "ASAN_OPTIONS=set:detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1${symbolizer}"
       "UBSAN_OPTIONS=set:print_stacktrace=1${symbolizer}")
endif()

if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=thread")
  # ignore_noninstrumented_modules: what a library that is not instrumented does to its own memory is not
  # reported, as its atomics can't be seen; its locks are still followed. absl's locks: see the source.
  list(APPEND LETTERLOCK_TEST_ENVIRONMENT
       "TSAN_OPTIONS=set:ignore_noninstrumented_modules=1:halt_on_error=1:second_deadlock_stack=1${symbolizer}")
  add_library(tsan_locks OBJECT ${CMAKE_SOURCE_DIR}/tests/sanitizers/absl_for_tsan.cc)
  target_link_libraries(tsan_locks PRIVATE absl::synchronization)
  _letterlock_target(tsan_locks test tests/sanitizers)
endif()

# Every program of the `tsan` preset carries tsan_locks.
function(_letterlock_sanitize program)
  if(TARGET tsan_locks)
    target_link_libraries(${program} PRIVATE tsan_locks)
  endif()
endfunction()

# Every test runs with the sanitizers' options.
function(_letterlock_sanitize_test test)
  if(LETTERLOCK_TEST_ENVIRONMENT)
    # An instrumented test may take several times as long.
    set_tests_properties(${test} PROPERTIES ENVIRONMENT_MODIFICATION "${LETTERLOCK_TEST_ENVIRONMENT}" TIMEOUT 600)
  endif()
endfunction()
