# What `cmake --install` does: the program with its man page and completions;
# libraries and public headers, for find_package(sdmeta) and pkg-config.
include(CMakePackageConfigHelpers)

install(TARGETS sdmeta sdmeta_parsers sdmeta_extractor sdmeta_pipeline
        EXPORT sdmeta-targets)
install(DIRECTORY ${PUBLIC_INCLUDE_DIR}/sdmeta
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(SDMETA_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/sdmeta)
configure_package_config_file(cmake/sdmeta-config.cmake.in sdmeta-config.cmake
  INSTALL_DESTINATION ${SDMETA_PACKAGE_DIR})
# Before 1.0 a minor version may change declarations.
write_basic_package_version_file(sdmeta-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(EXPORT sdmeta-targets NAMESPACE sdmeta:: DESTINATION ${SDMETA_PACKAGE_DIR})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/sdmeta-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/sdmeta-config-version.cmake
        DESTINATION ${SDMETA_PACKAGE_DIR})

# Static libraries do not name what they need; shared ones do.
set(SDMETA_REQUIRES "Requires:")
if(BUILD_SHARED_LIBS)
  set(SDMETA_REQUIRES "Requires.private:")
endif()
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
  BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig OUTPUT_VARIABLE SDMETA_UP)
configure_file(cmake/sdmeta.pc.in sdmeta.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/sdmeta.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(FILES docs/sdmeta.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES scripts/completion.bash RENAME sdmeta
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES scripts/completion.fish RENAME sdmeta.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES scripts/completion.zsh RENAME _sdmeta
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
