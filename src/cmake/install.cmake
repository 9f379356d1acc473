# What an install holds: the layers as static libraries, their public headers, and a package so that
# find_package(headroom) works from wherever the prefix ends up.
include(CMakePackageConfigHelpers)
get_property(layers GLOBAL PROPERTY HEADROOM_LAYERS)

# The whole library in one name. The target is not called `headroom`: that is the command-line tool.
add_library(headroom_all INTERFACE)
add_library(headroom::headroom ALIAS headroom_all)
set_target_properties(headroom_all PROPERTIES EXPORT_NAME headroom)
target_link_libraries(headroom_all INTERFACE ${layers})
# headroom/headroom.hpp belongs to no layer: who links the whole finds it here.
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/layers/all/headroom)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/include/headroom/headroom.hpp
     ${PROJECT_BINARY_DIR}/layers/all/headroom/headroom.hpp SYMBOLIC)
target_include_directories(headroom_all INTERFACE
  $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/layers/all>)
# headroom/headroom.hpp, the front door, belongs to no layer: only who links them all can include it.
set(root ${PROJECT_BINARY_DIR}/layers/all)
file(MAKE_DIRECTORY ${root}/headroom)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/include/headroom/headroom.hpp ${root}/headroom/headroom.hpp
     SYMBOLIC)
target_include_directories(headroom_all INTERFACE
  $<BUILD_INTERFACE:${root}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/headroom)
install(TARGETS ${layers} headroom_all EXPORT headroom-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT headroom-targets NAMESPACE headroom:: DESTINATION ${package_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/headroom
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/headroom-config.cmake.in
  ${PROJECT_BINARY_DIR}/package/headroom-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/package/headroom-config-version.cmake
  COMPATIBILITY SameMinorVersion)  # before 1.0 a minor version may change interfaces
install(FILES
  ${PROJECT_BINARY_DIR}/package/headroom-config.cmake
  ${PROJECT_BINARY_DIR}/package/headroom-config-version.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindRandom123.cmake
  DESTINATION ${package_dir})
