# What every target of ours is compiled with, and the functions that make targets.

add_library(runner_options INTERFACE)
target_compile_options(runner_options INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Werror
    -ffunction-sections -fdata-sections)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # gcc 12 reports the first two wrongly around coroutines, the third for inlined std::string inserts
    # (its bug 105651). The preset `clang` has the second; sanitizers see what any of them could.
    target_compile_options(runner_options INTERFACE
        -Wno-mismatched-new-delete -Wno-maybe-uninitialized -Wno-restrict)
    if(CMAKE_UNITY_BUILD)
        # To gcc, the files that a batch includes are headers with anonymous namespaces.
        target_compile_options(runner_options INTERFACE -Wno-subobject-linkage)
    endif()
else()
    target_compile_options(runner_options INTERFACE -Wconditional-uninitialized)
endif()
target_link_options(runner_options INTERFACE -Wl,--gc-sections)
target_include_directories(runner_options INTERFACE ${CMAKE_SOURCE_DIR})

if(RUNNER_SANITIZE)
    add_compile_options(-fsanitize=${RUNNER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${RUNNER_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # gcc warns of buffers in system headers that only the instrumentation makes it doubt.
        add_compile_options(-Wno-stringop-overflow -Wno-array-bounds -Wno-null-dereference)
    endif()
    if(RUNNER_SANITIZE MATCHES thread)
        add_compile_options(-Wno-tsan)
    endif()
endif()

if(RUNNER_FUZZERS)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# runner_library(NAME SOURCES … DEPENDS …): the static library of one folder.
function(runner_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC ${ARG_DEPENDS} PRIVATE runner_options)
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
endfunction()

# runner_test(NAME [LABELS unit|integration|docker] SOURCES … DEPENDS …): one GoogleTest program;
# every TEST in it is a ctest test of its own.
function(runner_test name)
    cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LABELS" ${ARGN})
    if(NOT ARG_LABELS)
        set(ARG_LABELS unit)
    endif()
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} GTest::gmock GTest::gtest_main runner_options)
    target_compile_definitions(${name} PRIVATE RUNNER_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    if(RUNNER_SANITIZE MATCHES undefined)
        # The code under test is in the libraries; a third of the compile time is not worth its test's.
        target_compile_options(${name} PRIVATE -fno-sanitize=undefined)
    endif()
    # Values that print as addresses would give a test another name in every run.
    gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST NO_PRETTY_VALUES
        PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 120)
endfunction()
