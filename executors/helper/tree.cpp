#include "executors/helper/tree.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace executors::helper {

namespace {

constexpr int kMostLinks = 40;  // as the kernel

std::vector<std::string> parts_of(const std::string& path) {
    if (!path.empty() && path[0] == '/') throw Failure("absolute path in an archive: " + path);
    if (path.find('\0') != std::string::npos) throw Failure("a zero byte in the path " + path);
    std::vector<std::string> parts;
    for (auto& part : split_text(path, '/')) {
        if (part == "..") throw Failure("path that leaves its directory in an archive: " + path);
        if (!part.empty() && part != ".") parts.push_back(std::move(part));
    }
    return parts;
}

std::string joined(const std::vector<std::string>& parts, std::size_t count) {
    std::string path;
    for (std::size_t i = 0; i < count; ++i) path += (i == 0 ? "" : "/") + parts[i];
    return path;
}

UniqueFd open_directory(int parent, const std::string& name) {
    return UniqueFd(
        ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// The target of the link `name`; "" when it is no link.
std::string target_of(int parent, const std::string& name) {
    std::string target(4096, '\0');
    const ssize_t length = ::readlinkat(parent, name.c_str(), target.data(), target.size());
    target.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
    return target;
}

/// The path of the root without links and with a slash at its end; "" when it is not known, then
/// absolute links count as leading out.
std::string real_path(const std::string& root) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(root.c_str(), nullptr),
                                                           &std::free);
    if (!real) return {};
    const std::string path = real.get();
    return path.back() == '/' ? path : path + "/";
}

}  // namespace

void spread_children(int directory) {
    int flags = 0;
    if (::ioctl(directory, FS_IOC_GETFLAGS, &flags) != 0 || (flags & FS_TOPDIR_FL) != 0) return;
    flags |= FS_TOPDIR_FL;
    static_cast<void>(::ioctl(directory, FS_IOC_SETFLAGS, &flags));
}

Tree::Tree(const std::string& root)
    : root_(std::make_shared<const UniqueFd>(
          ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))) {
    if (!*root_) fail_errno("open directory " + root);
    path_ = real_path(root);
}

bool Tree::is_root(const std::string& path) { return parts_of(path).empty(); }

Tree::Place Tree::locate(const std::string& path) {
    Parts parts = parts_of(path);
    if (parts.empty()) return {root_, ""};
    std::string name = std::move(parts.back());
    parts.pop_back();
    return {enter(parts), std::move(name)};
}

Tree::Directory Tree::enter(const std::string& path) { return enter(parts_of(path)); }

Tree::Directory Tree::enter(const Parts& parts) {
    const bool below = last_ && last_parts_.size() <= parts.size() &&
                       std::equal(last_parts_.begin(), last_parts_.end(), parts.begin());
    Walk walked = below ? walk(last_, parts, last_parts_.size(), 0) : walk(root_, parts, 0, 0);
    last_ = walked.directory ? walked.directory : enter_by_links(parts);
    last_parts_ = parts;
    return last_;
}

Tree::Directory Tree::enter_by_links(const Parts& parts) const {
    Parts way = parts;
    std::size_t existing = 0;
    for (int links = 0; links <= kMostLinks; ++links) {
        Walk walked = walk(root_, way, 0, existing);
        if (walked.directory) return walked.directory;
        way = follow(way, walked, existing);
    }
    throw Failure("too many links on the way to " + joined(parts, parts.size()));
}

Tree::Walk Tree::walk(Directory from, const Parts& parts, std::size_t done, std::size_t existing) {
    for (std::size_t i = done; i < parts.size(); ++i) {
        UniqueFd next = open_directory(from->get(), parts[i]);
        if (!next && errno == ENOENT && i >= existing) {
            spread_children(from->get());
            if (::mkdirat(from->get(), parts[i].c_str(), 0777) != 0 && errno != EEXIST)
                fail_errno("make " + joined(parts, i + 1));
            next = open_directory(from->get(), parts[i]);
        }
        if (!next) {
            const int code = errno;
            std::string target = target_of(from->get(), parts[i]);
            if (!target.empty()) return {nullptr, i, std::move(target)};
            throw Failure(errno_text("enter " + joined(parts, i + 1), code));
        }
        from = std::make_shared<const UniqueFd>(std::move(next));
    }
    return {std::move(from), 0, ""};
}

Tree::Parts Tree::follow(const Parts& parts, const Walk& walk, std::size_t& existing) const {
    const std::string link = joined(parts, walk.reached + 1);
    const auto outside = [&] {
        return Failure("the link " + link + " leads out of the directory to unpack into");
    };
    Parts way(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(walk.reached));
    std::string target = walk.target;
    if (target[0] == '/') {
        if (path_.empty() || (target + "/").compare(0, path_.size(), path_) != 0) throw outside();
        target.erase(0, path_.size());
        way.clear();
    }
    for (const auto& part : split_text(target, '/')) {
        if (part == ".." && way.empty()) throw outside();
        if (part == "..") {
            way.pop_back();
        } else if (!part.empty() && part != ".") {
            way.push_back(part);
        }
    }
    existing = way.size();
    way.insert(way.end(), parts.begin() + static_cast<std::ptrdiff_t>(walk.reached) + 1,
               parts.end());
    return way;
}

}  // namespace executors::helper
