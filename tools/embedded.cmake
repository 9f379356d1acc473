# Files that the program carries with it: what `headroom init` starts from and the completion
# scripts. Sets embedded_sources.
include(${PROJECT_SOURCE_DIR}/src/cmake/embed.cmake)
set(embedded_sources)
foreach(name spike diurnal trace multi_class image_pipeline)
  string(REPLACE _ - file ${name})
  headroom_embed(source template_${name} templates/${file}.json)
  list(APPEND embedded_sources ${source})
endforeach()
foreach(shell bash zsh fish)
  headroom_embed(source completion_${shell} completions/headroom.${shell})
  list(APPEND embedded_sources ${source})
endforeach()
