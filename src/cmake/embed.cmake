# headroom_embed(OUT FUNCTION FILE): at configure time turns FILE into a C++ source that defines
# `std::string_view FUNCTION()` in namespace headroom::embedded, and sets OUT to the source's path.
# A change of FILE configures again. An empty FILE gives an empty view.
function(headroom_embed out function file)
  get_filename_component(path ${file} ABSOLUTE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  file(READ ${path} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(................................................................................)"
         "\\1\n" bytes "${bytes}")
  if(bytes STREQUAL "")
    set(body "  return {};")
  else()
    set(body
"  static const unsigned char bytes[] = {
${bytes}};
  return {reinterpret_cast<const char*>(bytes), sizeof bytes};")
  endif()
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"#include <string_view>

namespace headroom::embedded {

std::string_view @function@();

std::string_view @function@() {
@body@
}

}  // namespace headroom::embedded
")
  set(${out} ${source} PARENT_SCOPE)
endfunction()
