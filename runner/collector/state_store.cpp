#include "runner/collector/state_store.hpp"

#include <sys/stat.h>

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

Result<void> remove_folder(const fs::path& folder) {
    std::error_code code;
    fs::remove_all(folder, code);
    if (code) return base::make_error(code, "remove " + folder.string());
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
    const fs::path jobs = state_dir_ / "jobs";
    std::function<std::vector<Item>()> work = [jobs] { return broken_jobs(jobs); };
    auto items = co_await base::offload<std::vector<Item>>(std::move(work));
    co_return items;
}

Task<Result<void>> StateStore::remove(const Item& item) {
    const fs::path folder = item.name;
    std::function<Result<void>()> work = [folder] { return remove_folder(folder); };
    auto removed = co_await base::offload<Result<void>>(std::move(work));
    co_return removed;
}

}  // namespace runner::collector
