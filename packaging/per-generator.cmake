# Read by cpack when it begins a package of one kind.
if(CPACK_GENERATOR STREQUAL DEB)
    list(GET CPACK_INSTALL_CMAKE_PROJECTS 0 build)
    list(APPEND CPACK_INSTALL_CMAKE_PROJECTS ${build} runner debian /)
endif()
