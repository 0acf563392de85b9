#include "executors/helper/build_node.hpp"

#include <fcntl.h>

#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

/// Of buildx 0.11 and later.
constexpr const char* kFile = "/.buildNodeID";
constexpr mode_t kDirectoryMode = 0700;
constexpr std::size_t kLength = 16;

bool is_build_node(const std::string& id) {
    return id.size() == kLength && id.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

void keep_build_node(const std::string& buildx_directory, const std::string& id) {
    if (!is_build_node(id)) return;
    try {
        make_directories(buildx_directory, kDirectoryMode);
    } catch (const Failure&) {
        return;  // buildx says what is wrong with its directory
    }
    const UniqueFd file(
        ::open((buildx_directory + kFile).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file) static_cast<void>(write_all(file.get(), id));
}

}  // namespace executors::helper
