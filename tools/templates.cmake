# Scenarios that `headroom init` starts from, embedded. Sets template_sources.
include(${PROJECT_SOURCE_DIR}/src/cmake/embed.cmake)
set(template_sources)
foreach(name spike diurnal trace multi_class image_pipeline)
  string(REPLACE _ - file ${name})
  headroom_embed(source template_${name} templates/${file}.json)
  list(APPEND template_sources ${source})
endforeach()
