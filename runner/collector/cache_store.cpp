#include "runner/collector/cache_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

#include "base/clock.hpp"
#include "base/offload.hpp"
#include "base/unique_fd.hpp"
#include "runner/collector/disk_space.hpp"
#include "runner/collector/open_directory.hpp"
#include "runner/collector/plan.hpp"

namespace runner::collector {

namespace fs = std::filesystem;
using base::ErrorKind;
using base::Result;
using base::Task;
using base::UniqueFd;

namespace {

/// The archive, the record of the object storage beside it, and drafts of both.
constexpr std::string_view kArchive = "cache.zip";
/// A job can make directories without an end.
constexpr int kDeepest = 64;
constexpr std::size_t kMostCaches = 100'000;

/// The archives in one directory.
struct Archives {
    std::vector<std::string> names;
    Item item;  ///< without names
};

/// Among `names`, those of the directory.
Archives archives_of(int directory, std::vector<std::string> names) {
    Archives found;
    found.item.kind = ItemKind::kFolder;
    found.item.bytes = 0;
    for (std::string& name : names) {
        struct stat about {};
        if (!name.starts_with(kArchive) ||
            ::fstatat(directory, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(about.st_mode)) {
            continue;
        }
        *found.item.bytes += static_cast<std::uint64_t>(about.st_blocks) * 512;
        found.item.last_used_unix_micros = std::max(
            {found.item.last_used_unix_micros, micros(about.st_mtim), micros(about.st_atim)});
        found.names.push_back(std::move(name));
    }
    return found;
}

class CacheWalk {
  public:
    explicit CacheWalk(fs::path root) : root_(std::move(root)) {}

    std::vector<Item> caches() {
        const UniqueFd top(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (top) look(top.get(), {}, 0);
        return std::move(items_);
    }

  private:
    void look(int directory, const fs::path& below, int depth) {
        if (items_.size() >= kMostCaches) return;
        const auto names = names_in(directory);
        Archives archives = archives_of(directory, names);
        if (!archives.names.empty()) {
            archives.item.name = (root_ / below).string();
            archives.item.title = "cache " + below.string();
            items_.push_back(std::move(archives.item));
        }
        if (depth == kDeepest) return;
        for (const std::string& name : names) {
            if (const UniqueFd inner = open_directory(directory, name); inner)
                look(inner.get(), below / name, depth + 1);
        }
    }

    fs::path root_;
    std::vector<Item> items_;
};

bool was_just_used(const Item& item) {
    std::vector<Item> items{item};
    arrange(items, base::unix_micros_now());
    return !items.front().kept.empty();
}

void remove_empty(const std::vector<UniqueFd>& way, const fs::path& below) {
    std::vector<std::string> names;
    for (const fs::path& name : below) names.push_back(name.string());
    for (std::size_t i = names.size(); i > 0; --i) {
        if (::unlinkat(way[i - 1].get(), names[i - 1].c_str(), AT_REMOVEDIR) != 0) return;
    }
}

Result<void> remove_cache(const fs::path& root, const fs::path& folder) {
    const fs::path below = folder.lexically_relative(root);
    const auto way = open_way(root, below);
    if (way.empty()) return {};  // it is gone
    const Archives archives = archives_of(way.back().get(), names_in(way.back().get()));
    if (was_just_used(archives.item))
        return base::make_error(ErrorKind::kConflict, "a job has just used it");
    for (const std::string& name : archives.names) {
        if (::unlinkat(way.back().get(), name.c_str(), 0) != 0 && errno != ENOENT)
            return base::errno_error("remove " + (folder / name).string());
    }
    remove_empty(way, below);
    return {};
}

}  // namespace

CacheStore::CacheStore(fs::path directory)
    : directory_(std::move(directory)), title_("caches " + directory_.string()) {}

Task<Result<status::DiskState>> CacheStore::measure() {
    auto asking = disk_space_above(directory_);
    auto disk = co_await std::move(asking);
    if (disk) disk->directory = "cache";
    co_return disk;
}

Task<Result<std::vector<Item>>> CacheStore::list() {
    const fs::path root = directory_;
    std::function<std::vector<Item>()> work = [root] { return CacheWalk(root).caches(); };
    auto items = co_await base::offload<std::vector<Item>>(std::move(work));
    co_return items;
}

Task<Result<void>> CacheStore::remove(const Item& item) {
    const fs::path root = directory_;
    const fs::path folder = item.name;
    std::function<Result<void>()> work = [root, folder] { return remove_cache(root, folder); };
    auto removed = co_await base::offload<Result<void>>(std::move(work));
    co_return removed;
}

}  // namespace runner::collector
