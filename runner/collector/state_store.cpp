#include "runner/collector/state_store.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <system_error>
#include <utility>

#include "base/offload.hpp"
#include "runner/collector/disk_space.hpp"

namespace runner::collector {

namespace fs = std::filesystem;
using base::Result;
using base::Task;

namespace {

constexpr const char* kBroken = ".broken";
constexpr const char* kHistory = "history.sqlite.broken";

std::uint64_t size_of(const fs::path& folder) {
    std::uint64_t bytes = 0;
    std::error_code none;
    for (fs::recursive_directory_iterator entry(folder, none), end; !none && entry != end;
         entry.increment(none)) {
        struct stat about {};
        if (::lstat(entry->path().c_str(), &about) == 0)
            bytes += static_cast<std::uint64_t>(about.st_blocks) * 512;
    }
    return bytes;
}

std::vector<Item> broken_jobs(const fs::path& jobs) {
    std::vector<Item> items;
    std::error_code none;
    for (fs::directory_iterator entry(jobs, none), end; !none && entry != end;
         entry.increment(none)) {
        struct stat about {};
        if (entry->path().extension() != kBroken || ::lstat(entry->path().c_str(), &about) != 0)
            continue;
        Item item;
        item.kind = ItemKind::kFolder;
        item.name = entry->path().string();
        item.title = "files of a job that could not be taken up again";
        item.bytes = size_of(entry->path());
        item.last_used_unix_micros = std::int64_t{about.st_mtim.tv_sec} * 1'000'000;
        items.push_back(std::move(item));
    }
    return items;
}

/// The database and what SQLite has beside it.
std::vector<fs::path> database_files(const fs::path& path) {
    if (path.filename() != kHistory) return {path};
    return {path, path.string() + "-wal", path.string() + "-shm"};
}

std::vector<Item> broken_history(const fs::path& state_dir) {
    Item item;
    item.kind = ItemKind::kFolder;
    item.name = (state_dir / kHistory).string();
    item.title = "a history of jobs that could not be read";
    item.bytes = 0;
    for (const fs::path& part : database_files(item.name)) {
        struct stat about {};
        if (::lstat(part.c_str(), &about) != 0) continue;
        *item.bytes += static_cast<std::uint64_t>(about.st_blocks) * 512;
        item.last_used_unix_micros =
            std::max(item.last_used_unix_micros, std::int64_t{about.st_mtim.tv_sec} * 1'000'000);
    }
    if (item.last_used_unix_micros == 0) return {};
    return {item};
}

std::vector<Item> broken_things(const fs::path& state_dir) {
    std::vector<Item> items = broken_jobs(state_dir / "jobs");
    for (Item& item : broken_history(state_dir)) items.push_back(std::move(item));
    return items;
}

Result<void> remove_all_of(const fs::path& path) {
    for (const fs::path& part : database_files(path)) {
        std::error_code code;
        fs::remove_all(part, code);
        if (code) return base::make_error(code, "remove " + part.string());
    }
    return {};
}

}  // namespace

StateStore::StateStore(fs::path state_dir)
    : state_dir_(std::move(state_dir)), title_("state directory " + state_dir_.string()) {}

Task<Result<status::DiskState>> StateStore::measure() {
    auto disk = co_await disk_space(state_dir_);
    if (disk) disk->directory = "state";
    co_return disk;
}

Task<Result<std::vector<Item>>> StateStore::list() {
    const fs::path state_dir = state_dir_;
    std::function<std::vector<Item>()> work = [state_dir] { return broken_things(state_dir); };
    auto items = co_await base::offload<std::vector<Item>>(std::move(work));
    co_return items;
}

Task<Result<void>> StateStore::remove(const Item& item) {
    const fs::path path = item.name;
    std::function<Result<void>()> work = [path] { return remove_all_of(path); };
    auto removed = co_await base::offload<Result<void>>(std::move(work));
    co_return removed;
}

}  // namespace runner::collector
