#include "runner/collector/open_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>

namespace runner::collector {

namespace fs = std::filesystem;
using base::UniqueFd;

UniqueFd open_directory(int parent, const std::string& name) {
    return UniqueFd(
        ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

std::vector<std::string> names_in(int directory) {
    std::vector<std::string> names;
    const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(copy < 0 ? nullptr : ::fdopendir(copy),
                                                     &::closedir);
    if (!stream && copy >= 0) ::close(copy);
    while (const dirent* entry = stream ? ::readdir(stream.get()) : nullptr) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
    }
    return names;
}

std::vector<UniqueFd> open_way(const fs::path& root, const fs::path& below) {
    std::vector<UniqueFd> way;
    way.emplace_back(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (const fs::path& name : below) {
        if (!way.back() || name == "..") return {};
        way.push_back(open_directory(way.back().get(), name.string()));
    }
    if (!way.back()) return {};
    return way;
}

std::int64_t micros(const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
}

}  // namespace runner::collector
