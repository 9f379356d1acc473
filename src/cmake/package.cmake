# What an install holds beside the library (install.cmake): scenarios, schemas, shell completions and
# the man page; and the packages that `cpack` makes of an install: .deb and .tar.gz.

# Schemas, completions and the man page come from the program itself, at the time of the install, so
# that they are those of the program that is installed.
if(HEADROOM_BUILD_TOOLS AND NOT CMAKE_CROSSCOMPILING)
  set(share ${PROJECT_BINARY_DIR}/share)
  find_program(HEADROOM_HELP2MAN help2man)
  mark_as_advanced(HEADROOM_HELP2MAN)
  install(CODE "
    execute_process(
      COMMAND \"${PROJECT_SOURCE_DIR}/src/cmake/write_share\" \"$<TARGET_FILE:headroom>\" \"${share}\"
              \"$<$<BOOL:${HEADROOM_HELP2MAN}>:${HEADROOM_HELP2MAN}>\"
      RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR \"schemas, completions and man page could not be written\")
    endif()")
  install(DIRECTORY ${share}/ DESTINATION ${CMAKE_INSTALL_DATADIR})
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/scenarios DESTINATION ${CMAKE_INSTALL_DATADIR}/headroom
        FILES_MATCHING PATTERN "*.json")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}
        FILES_MATCHING PATTERN "*.md")
install(FILES ${PROJECT_SOURCE_DIR}/CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_PACKAGE_VENDOR "The headroom authors")
set(CPACK_PACKAGE_CONTACT "The headroom authors <headroom@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
# What the program needs is read off the program; who plans at a shell needs no more. What a C++
# project needs to link the library is suggested: find_package(headroom) looks for it.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS
    "libboost-dev, libboost-iostreams-dev, libfmt-dev, nlohmann-json3-dev, librandom123-dev, bash-completion")
set(CPACK_PACKAGE_DESCRIPTION
    "Replays demand against a modelled fleet of GPUs, request by request: how long requests queue when\n\
demand surges, when the service breaks, and how much GPU capacity holds the latency targets.\n\
The package holds the program, its scenarios and the C++ library.")
include(CPack)
