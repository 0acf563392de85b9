# The compiler options of every target, and the functions that make targets.

add_library(runner_options INTERFACE)
target_compile_options(runner_options INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Werror
    -ffunction-sections -fdata-sections)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # False reports of gcc 12: the first two around coroutines, the third for inlined std::string inserts (gcc bug
    # 105651). The preset `clang` has the second; the sanitizers find what each of them is for.
    target_compile_options(runner_options INTERFACE
        -Wno-mismatched-new-delete -Wno-maybe-uninitialized -Wno-restrict)
    if(CMAKE_UNITY_BUILD)
        # In a unity build gcc takes the included .cpp files for headers with anonymous namespaces.
        target_compile_options(runner_options INTERFACE -Wno-subobject-linkage)
    endif()
else()
    target_compile_options(runner_options INTERFACE -Wconditional-uninitialized)
endif()
target_link_options(runner_options INTERFACE -Wl,--gc-sections -Wl,-z,relro,-z,now)
target_include_directories(runner_options INTERFACE ${CMAKE_SOURCE_DIR})

if(RUNNER_SANITIZE)
    add_compile_options(-fsanitize=${RUNNER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${RUNNER_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # False reports of gcc about buffers in system headers, caused by the instrumentation.
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
        # The code under test is in the libraries; the test's own code needs a third less time to compile this way.
        target_compile_options(${name} PRIVATE -fno-sanitize=undefined)
    endif()
    # Parameters that print as addresses would change the name of a test in every run.
    gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST NO_PRETTY_VALUES
        PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 120)
endfunction()
