# The revision that the log header and --version show.
find_program(GIT_PROGRAM git)
set(RUNNER_REVISION "unknown")
if(GIT_PROGRAM)
    execute_process(COMMAND ${GIT_PROGRAM} -C ${CMAKE_SOURCE_DIR} rev-parse --short=8 HEAD
                    OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
                    RESULT_VARIABLE failed)
    if(failed EQUAL 0)
        set(RUNNER_REVISION ${revision})
    endif()
endif()
# The release of gitlab-runner whose behaviour and keys this version has.
set(RUNNER_COMPATIBLE_VERSION 19.4.0)
configure_file(${CMAKE_SOURCE_DIR}/base/version.cpp.in ${CMAKE_BINARY_DIR}/generated/version.cpp @ONLY)
