# Layers. Each is one static library; its public headers are reachable only through its own include
# root, so an include that points up the list of layers does not compile.

# headroom_layer(NAME SOURCES ... DEPENDS LAYER... [LINK TARGET...] [PRIVATE_LINK TARGET...])
function(headroom_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LINK;PRIVATE_LINK" ${ARGN})
  set(target headroom_${name})
  set(root ${PROJECT_BINARY_DIR}/layers/${name})
  file(MAKE_DIRECTORY ${root}/headroom)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/include/headroom/${name} ${root}/headroom/${name} SYMBOLIC)

  add_library(${target} STATIC ${ARG_SOURCES})
  add_library(headroom::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target}
    PUBLIC $<BUILD_INTERFACE:${root}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  foreach(layer ${ARG_DEPENDS})
    target_link_libraries(${target} PUBLIC headroom_${layer})
  endforeach()
  target_link_libraries(${target}
    PUBLIC ${ARG_LINK}
    PRIVATE $<BUILD_INTERFACE:headroom_build_flags> ${ARG_PRIVATE_LINK})
  set_property(GLOBAL APPEND PROPERTY HEADROOM_LAYERS ${target})
endfunction()
