# Run by ctest: see CMakeLists.txt beside it for the variables.
function(run_step)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    string(REPLACE ";" " " command "${ARGN}")
    message(FATAL_ERROR "failed (${status}): ${command}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${scratch})
run_step(${CMAKE_COMMAND} --install ${headroom_build} --prefix ${scratch}/first)
# The package must work from wherever its prefix is carried.
file(RENAME ${scratch}/first ${scratch}/prefix)

file(GLOB_RECURSE package_files ${scratch}/prefix/*.cmake)
if(NOT package_files)
  message(FATAL_ERROR "the install holds no CMake package")
endif()
foreach(file ${package_files})
  file(READ ${file} text)
  foreach(place ${source} ${headroom_build} ${scratch})
    string(FIND "${text}" "${place}/" found)
    if(NOT found EQUAL -1)
      message(FATAL_ERROR "${file} names ${place}, which the user of an install does not have")
    endif()
  endforeach()
endforeach()

set(flags)
if(sanitize)  # an install carries no sanitizer flags, yet libraries built with them need the runtime
  set(flags -fsanitize=${sanitize})
endif()
run_step(${CMAKE_COMMAND} -S ${consumer} -B ${scratch}/build -G ${generator}
  -D CMAKE_CXX_COMPILER=${compiler} -D CMAKE_CXX_COMPILER_LAUNCHER=${launcher}
  -D CMAKE_CXX_FLAGS=${flags} -D CMAKE_PREFIX_PATH=${scratch}/prefix -D expected_version=${version})
run_step(${CMAKE_COMMAND} --build ${scratch}/build)
run_step(${scratch}/build/consumer)
message(STATUS "${output}")
