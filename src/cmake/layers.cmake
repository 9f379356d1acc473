# Layers. Each is one static library; its public headers are reachable only through its own include
# root, so an include that points up the list of layers does not compile.

# Only headers, and only for our own sources: who links an installed layer does not need these.
set(headroom_header_only Boost::boost Boost::headers CLI11::CLI11 Eigen3::Eigen
    nlohmann_json::nlohmann_json)

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
  set(private_link)
  foreach(library ${ARG_PRIVATE_LINK})
    if(library IN_LIST headroom_header_only)
      set(library $<BUILD_INTERFACE:${library}>)
    endif()
    list(APPEND private_link ${library})
  endforeach()
  target_link_libraries(${target}
    PUBLIC ${ARG_LINK}
    PRIVATE $<BUILD_INTERFACE:headroom_build_flags> ${private_link})
  set_property(GLOBAL APPEND PROPERTY HEADROOM_LAYERS ${target})
endfunction()

# headroom_light(TARGET...): what runs once a command rather than once an event. An optimised build
# spends most of its time on the JSON library's templates there, to no one's gain.
function(headroom_light)
  foreach(target ${ARGN})
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  endforeach()
endfunction()
