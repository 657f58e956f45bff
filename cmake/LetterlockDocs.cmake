# letterlock_docs(TARGET SECTION): the manual page and the completion scripts of a program, made by the
# program itself, in <build>/share as they are to be installed. The targets `docs` and `programs` make them all.
function(letterlock_docs target section)
  set(share ${CMAKE_BINARY_DIR}/share)
  set(made)
  foreach(kind_and_file
          "man${section}=man/man${section}/${target}.${section}"
          "bash=bash-completion/completions/${target}"
          "zsh=zsh/vendor-completions/_${target}"
          "fish=fish/vendor_completions.d/${target}.fish")
    string(REPLACE "=" ";" parts ${kind_and_file})
    list(GET parts 0 kind)
    list(GET parts 1 file)
    get_filename_component(folder ${share}/${file} DIRECTORY)
    file(MAKE_DIRECTORY ${folder})
    add_custom_command(
      OUTPUT ${share}/${file}
      # The sanitizer presets look for bugs in tests, with options of their own, not in this step.
      COMMAND ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=report_bugs=0
              $<TARGET_FILE:${target}> --generate-docs ${kind} > ${share}/${file}
      DEPENDS ${target}
      VERBATIM)
    list(APPEND made ${share}/${file})
  endforeach()
  add_custom_target(${target}-docs ALL DEPENDS ${made})
  if(NOT TARGET docs)
    add_custom_target(docs ALL)
  endif()
  add_dependencies(docs ${target}-docs)
  add_dependencies(programs ${target}-docs)
endfunction()
