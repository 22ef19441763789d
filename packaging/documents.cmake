# Run by `cmake --install`, with documents and prefix set: what is there of the generated pages.
set(target "$ENV{DESTDIR}${prefix}")

function(install_compressed page folder)
    file(MAKE_DIRECTORY ${target}/${folder})
    get_filename_component(name ${page} NAME)
    execute_process(COMMAND gzip -9nc ${page} OUTPUT_FILE ${target}/${folder}/${name}.gz
        COMMAND_ERROR_IS_FATAL ANY)
    message(STATUS "Installing: ${target}/${folder}/${name}.gz")
endfunction()

file(GLOB pages ${documents}/*.[1-8])
foreach(page ${pages})
    string(REGEX MATCH "[0-9]$" section ${page})
    install_compressed(${page} share/man/man${section})
endforeach()
function(install_completion shell path)
    if(EXISTS ${documents}/${shell}-completion)
        get_filename_component(folder ${target}/${path} DIRECTORY)
        file(MAKE_DIRECTORY ${folder})
        file(COPY_FILE ${documents}/${shell}-completion ${target}/${path})
        message(STATUS "Installing: ${target}/${path}")
    endif()
endfunction()

install_completion(bash share/bash-completion/completions/felucca)
install_completion(zsh share/zsh/vendor-completions/_felucca)
install_completion(fish share/fish/vendor_completions.d/felucca.fish)
install_compressed(${CMAKE_CURRENT_LIST_DIR}/debian/changelog share/doc/felucca)
