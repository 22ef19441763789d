# The plan of the house. A room is a folder below common/, one library each; a program is a folder with a main.c
# and a library of the rest. tests/check/layers.sh reads the two tables, too: what a folder may include from is
# what a room USES, or what a program's row names.
#
# A room hands nothing on: a program is linked with the rooms of its own row and nothing else, in this order, so
# that code which reaches for a room that its program has not is an error of the linker. tests/check/walls.sh
# reads the programs that came out.

# From the ground up.
#    room       the rooms that it may use                     foreign libraries
set(room_table
    "base      |                                             | Threads::Threads PkgConfig::JANSSON PkgConfig::NETTLE"
    "condition | base                                        | PkgConfig::PCRE2"
    "dicom     | base condition                              | PkgConfig::ZLIB"
    "search    | base                                        |"
    "reading   | base condition dicom search                 |"
    "sandbox   | base                                        | PkgConfig::SECCOMP"
    "config    | base condition dicom                        | PkgConfig::YAML"
    "tls       | base config                                 | PkgConfig::SSL"
    "users     | base                                        | PkgConfig::CRYPT"
    "spool     | base dicom                                  |"
    "wire      | base dicom config                           | PkgConfig::ZMQ"
    "service   | base config                                 | PkgConfig::MICROHTTPD"
    "http      | base config                                 | PkgConfig::CURL"
    "kheops    | base config wire http                       |"
    "login     | base config tls wire http kheops            |"
    "notify    | base config wire http kheops login          |"
    "jobs      | base spool wire kheops                      | PkgConfig::SQLITE"
    "import    | base condition dicom config spool wire kheops jobs |"
    "view      | base condition config spool wire kheops jobs |"
    "worker    | base config wire service http kheops         |"
)

# What a program's row does not name, it cannot call. kheops without http: what tokens mean, nobody to ask.
#    program    its rooms                                                               foreign libraries
set(program_table
    "receiver  | base condition dicom sandbox config tls spool wire service           | dcmnet dcmdata oflog ofstd"
    "router    | base condition dicom search reading config spool wire service kheops jobs |"
    "header    | base condition dicom search reading sandbox                          |"
    "sender    | base condition dicom config tls spool wire service http kheops login worker | PkgConfig::EXPAT"
    "sharer    | base condition dicom config wire service http kheops worker          |"
    "committer | base condition dicom sandbox config wire service worker                 | dcmnet dcmdata oflog ofstd"
    "notifier  | base condition dicom config tls wire service http kheops login notify worker |"
    "console   | base condition dicom config users spool wire service kheops jobs view | PkgConfig::JANSSON"
    "tray      | base condition dicom config spool wire service kheops jobs import |"
    "cli       | base condition dicom search config tls users spool wire service http kheops login notify jobs import view | PkgConfig::ARCHIVE"
)

# felucca_row(ROW ret_name ret_rooms ret_foreign): the three columns, as lists.
function(felucca_row row ret_name ret_rooms ret_foreign)
    string(REPLACE "|" ";" columns "${row}")
    list(GET columns 0 name)
    list(GET columns 1 used)
    list(GET columns 2 foreign)
    string(STRIP "${name}" name)
    separate_arguments(used UNIX_COMMAND "${used}")
    separate_arguments(foreign UNIX_COMMAND "${foreign}")
    set(${ret_name} ${name} PARENT_SCOPE)
    set(${ret_rooms} ${used} PARENT_SCOPE)
    set(${ret_foreign} ${foreign} PARENT_SCOPE)
endfunction()

# felucca_sources(FOLDER ret_sources): every .c and .cc file of the folder, and of the folders in it.
function(felucca_sources folder ret_sources)
    set(here ${CMAKE_SOURCE_DIR}/${folder})
    file(GLOB sources CONFIGURE_DEPENDS ${here}/*.c ${here}/*.cc ${here}/*/*.c ${here}/*/*.cc)
    set(${ret_sources} ${sources} PARENT_SCOPE)
endfunction()

# felucca_library(NAME FOLDER FOREIGN...): all its sources but main.c, so that tests link everything that a
# program is made of. It is compiled with the foreign libraries' folders and linked with none.
function(felucca_library name folder)
    felucca_sources(${folder} sources)
    list(FILTER sources EXCLUDE REGEX "/main\\.c$")
    add_library(${name} STATIC ${sources})
    set_target_properties(${name} PROPERTIES FOREIGN "${ARGN}")
    foreach(foreign ${ARGN})
        if(TARGET ${foreign})
            target_include_directories(${name} SYSTEM PRIVATE
                $<TARGET_PROPERTY:${foreign},INTERFACE_INCLUDE_DIRECTORIES>)
        endif()
    endforeach()
endfunction()

# felucca_link(TARGET LIBRARIES...): the libraries, from the top down, then what is foreign to each of them.
function(felucca_link target)
    set(foreign)
    foreach(library ${ARGN})
        get_target_property(its ${library} FOREIGN)
        if(its)
            list(APPEND foreign ${its})
        endif()
    endforeach()
    target_link_libraries(${target} PRIVATE ${ARGN} ${foreign})
    set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
endfunction()

set(all_rooms)
foreach(row ${room_table})
    felucca_row("${row}" room used foreign)
    felucca_library(${room} common/${room} ${foreign})
    list(PREPEND all_rooms ${room})
endforeach()

# A program's folder is its name without felucca-; the operator's tool is felucca alone.
set(all_processes)
set(all_programs)
foreach(row ${program_table})
    felucca_row("${row}" process used foreign)
    felucca_library(${process} ${process} ${foreign})
    set(program felucca-${process})
    if(process STREQUAL "cli")
        set(program felucca)
    endif()
    add_executable(${program} ${CMAKE_SOURCE_DIR}/${process}/main.c ${CMAKE_BINARY_DIR}/generated/commit.c)
    add_dependencies(${program} commit)
    set(${process}_rooms)
    foreach(room ${used})
        list(PREPEND ${process}_rooms ${room})
    endforeach()
    felucca_link(${program} ${process} ${${process}_rooms})
    install(TARGETS ${program})
    list(APPEND all_processes ${process})
    list(APPEND all_programs ${program})
endforeach()
add_custom_target(programs DEPENDS ${all_programs})
