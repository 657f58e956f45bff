# letterlock_docs(TARGET SECTION): the manual page and the completion scripts of a program, made by the
# program itself, in <build>/share as they are to be installed. The target `docs` makes them all.
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
      COMMAND $<TARGET_FILE:${target}> --generate-docs ${kind} > ${share}/${file}
      DEPENDS ${target}
      VERBATIM)
    list(APPEND made ${share}/${file})
  endforeach()
  add_custom_target(${target}-docs ALL DEPENDS ${made})
  if(NOT TARGET docs)
    add_custom_target(docs ALL)
  endif()
  add_dependencies(docs ${target}-docs)
endfunction()
