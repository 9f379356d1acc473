# Finds dygraphs (MIT), which makes the charts of report.html live, and sets chart_library_js and
# chart_library_css to copies fit for embedding; both are empty files where it is not installed or
# -DHEADROOM_DYGRAPHS=OFF, and the page is static then. Debian: libjs-dygraphs.
option(HEADROOM_DYGRAPHS "Embed dygraphs into report.html, if it is installed" ON)
find_file(HEADROOM_DYGRAPHS_JS dygraph.min.js PATH_SUFFIXES javascript/dygraphs
          PATHS /usr/share /usr/local/share)
find_file(HEADROOM_DYGRAPHS_CSS dygraph.min.css PATH_SUFFIXES javascript/dygraphs
          PATHS /usr/share /usr/local/share)
mark_as_advanced(HEADROOM_DYGRAPHS_JS HEADROOM_DYGRAPHS_CSS)

foreach(kind js css)
  string(TOUPPER ${kind} upper)
  set(from ${HEADROOM_DYGRAPHS_${upper}})
  set(chart_library_${kind} ${CMAKE_CURRENT_BINARY_DIR}/chart_library.${kind})
  set(text "")
  if(HEADROOM_DYGRAPHS AND HEADROOM_DYGRAPHS_JS AND HEADROOM_DYGRAPHS_CSS)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${from})
    file(READ ${from} text)
    # A page that fetches nothing names no source map either.
    string(REGEX REPLACE "\n?(//|/\\*)# sourceMappingURL=[^\n]*" "" text "${text}")
    if(text MATCHES "</[Ss][Cc][Rr]|</[Ss][Tt][Yy]|<!--")
      message(FATAL_ERROR "${from} would end the element that it is embedded in")
    endif()
  endif()
  file(WRITE ${chart_library_${kind}}.new "${text}")
  configure_file(${chart_library_${kind}}.new ${chart_library_${kind}} COPYONLY)
endforeach()
if(HEADROOM_DYGRAPHS AND NOT (HEADROOM_DYGRAPHS_JS AND HEADROOM_DYGRAPHS_CSS))
  message(STATUS "dygraphs not found: charts of report.html will be static")
endif()
