#pragma once

#include <span>
#include <string_view>

namespace runner::status {

/// A file of runner/status/page, as it was when the program was built.
struct PageFile {
    std::string_view path;  ///< under which it is served
    std::string_view type;
    std::string_view content;
};

std::span<const PageFile> page_files();

}  // namespace runner::status
