# Writes a .cpp with the files of the status page: cmake -DOUT=… -DFOLDER=… -P embed_page.cmake
set(entries "")
set(arrays "")
foreach(pair "/=page.html=text/html" "/page.css=page.css=text/css" "/page.js=page.js=text/javascript")
    string(REPLACE "=" ";" parts "${pair}")
    list(GET parts 0 path)
    list(GET parts 1 name)
    list(GET parts 2 type)
    string(MAKE_C_IDENTIFIER "${name}" variable)
    file(READ "${FOLDER}/${name}" hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
    string(APPEND arrays "constexpr char ${variable}[] = {${bytes}};\n")
    string(APPEND entries "    {\"${path}\", \"${type}; charset=utf-8\", {${variable}, sizeof ${variable}}},\n")
endforeach()
file(WRITE "${OUT}" "// Made by cmake/embed_page.cmake.
#include \"runner/status/page_files.hpp\"

#include <array>

namespace runner::status {
namespace {
${arrays}
constexpr PageFile kFiles[] = {
${entries}};
}  // namespace
std::span<const PageFile> page_files() { return kFiles; }
}  // namespace runner::status
")
