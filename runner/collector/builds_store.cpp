#include "runner/collector/builds_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <functional>
#include <optional>
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
using base::make_error;
using base::Result;
using base::Task;
using base::UniqueFd;

namespace {

using Names = std::vector<std::string>;
using Clock = std::chrono::steady_clock;

/// As executors/helper/sources_command.cpp names what it could not remove.
constexpr std::string_view kLeft = "~left-";
constexpr std::string_view kTmp = ".tmp";
/// GitLab allows 20 groups within each other.
constexpr int kMostGroups = 20;
constexpr std::size_t kMostCheckouts = 100'000;
/// A job can make directories without an end; each level holds a file descriptor.
constexpr int kDeepestTree = 200;
constexpr int kMostLeft = 1000;
/// Within the limit that the collector gives to all sizes.
constexpr std::chrono::seconds kTreeLimit{50};

/// Without a slash at its end.
fs::path plain(const fs::path& path) {
    const fs::path normal = path.lexically_normal();
    return normal.has_filename() ? normal : normal.parent_path();
}

bool is_within(const fs::path& path, const fs::path& directory) {
    const auto [end, rest] =
        std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
    return end == directory.end();
}

bool is_left(const std::string& name) { return name.find(kLeft) != std::string::npos; }

bool is_number(const std::string& name) {
    return !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
}

/// The last change of something in a directory; 0 when it is not there.
std::int64_t changed_at(int directory, const std::string& name) {
    struct stat about {};
    const int failed = ::fstatat(directory, name.c_str(), &about, AT_SYMLINK_NOFOLLOW);
    return failed != 0 ? 0 : micros(about.st_mtim);
}

/// What a checkout consists of, in the directory where it lies.
Names parts_of(const std::string& checkout) {
    if (is_left(checkout)) return {checkout};
    return {checkout, checkout + std::string(kTmp)};
}

Item item_of(int parent, const std::string& name) {
    Item item;
    item.kind = ItemKind::kFolder;
    item.outdated = is_left(name);
    for (const std::string& part : parts_of(name)) {
        item.last_used_unix_micros = std::max(item.last_used_unix_micros, changed_at(parent, part));
    }
    // git changes something there whenever it fetches.
    if (const UniqueFd inner = open_directory(parent, name); inner) {
        item.last_used_unix_micros =
            std::max(item.last_used_unix_micros, changed_at(inner.get(), ".git"));
    }
    return item;
}

class BuildsWalk {
  public:
    BuildsWalk(fs::path root, std::set<std::string> runners)
        : root_(std::move(root)), runners_(std::move(runners)) {}

    std::vector<Item> checkouts() {
        const UniqueFd top(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        for (const std::string& runner : runners_) {
            const UniqueFd own = top ? open_directory(top.get(), runner) : UniqueFd();
            if (!own) continue;
            for (const std::string& number : names_in(own.get())) {
                const UniqueFd slot =
                    is_number(number) ? open_directory(own.get(), number) : UniqueFd();
                if (slot) look(slot.get(), fs::path(runner) / number, {}, 0);
            }
        }
        return std::move(items_);
    }

  private:
    void look(int directory, const fs::path& slot, const fs::path& below, int depth) {
        const Names names = names_in(directory);
        const std::set<std::string> there(names.begin(), names.end());
        for (const std::string& name : names) {
            if (items_.size() >= kMostCheckouts) return;
            const UniqueFd inner = open_directory(directory, name);
            if (!inner) continue;
            const bool tmp = name.ends_with(kTmp) && name.size() > kTmp.size();
            const std::string of = tmp ? name.substr(0, name.size() - kTmp.size()) : name;
            if (tmp && !is_left(name) && there.contains(of)) continue;  // a part of that
            const bool checkout = tmp || is_left(name) ||
                                  there.contains(name + std::string(kTmp)) ||
                                  changed_at(inner.get(), ".git") != 0;
            if (checkout) {
                add(directory, slot, below, is_left(name) ? name : of);
            } else if (depth < kMostGroups) {
                look(inner.get(), slot, below / name, depth + 1);
            }
        }
    }

    void add(int directory, const fs::path& slot, const fs::path& below, const std::string& name) {
        Item item = item_of(directory, name);
        item.name = (root_ / slot / below / name).string();
        item.title = (item.outdated ? "what a job could not remove of " : "checkout of ") +
                     (below / name.substr(0, name.find(kLeft))).string();
        items_.push_back(std::move(item));
    }

    fs::path root_;
    std::set<std::string> runners_;
    std::vector<Item> items_;
};

/// The size of a tree; nullopt when there is no time for it, or when it is too deep.
class SizeWalk {
  public:
    explicit SizeWalk(Clock::time_point end) : end_(end) {}

    std::optional<std::uint64_t> size_of(const fs::path& root, const fs::path& checkout) {
        const fs::path below = checkout.lexically_relative(root);
        const auto way = open_way(root, below.parent_path());
        bytes_ = 0;
        bool known = !way.empty();
        for (const std::string& part : parts_of(below.filename().string()))
            known = known && add(way.back().get(), part, 0);
        return known ? std::optional(bytes_) : std::nullopt;
    }

  private:
    bool add(int parent, const std::string& name, int depth) {
        struct stat about {};
        if (::fstatat(parent, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) return true;
        bytes_ += static_cast<std::uint64_t>(about.st_blocks) * 512;
        if (!S_ISDIR(about.st_mode)) return true;
        if (depth == kDeepestTree || Clock::now() >= end_) return false;
        const UniqueFd inner = open_directory(parent, name);
        const Names names = inner ? names_in(inner.get()) : Names();
        return std::all_of(names.begin(), names.end(), [&](const std::string& each) {
            return add(inner.get(), each, depth + 1);
        });
    }

    Clock::time_point end_;
    std::uint64_t bytes_ = 0;
};

Result<void> remove_tree(int parent, const std::string& name, int depth) {
    if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return {};
    const int failed = errno;
    if (depth == kDeepestTree) return make_error(ErrorKind::kIo, "its directories lie too deep");
    const UniqueFd inner = open_directory(parent, name);
    if (!inner) return base::errno_error(failed, "remove " + name);
    // Some tools make directories of modules that nobody may write.
    static_cast<void>(::fchmod(inner.get(), S_IRWXU));
    for (const std::string& each : names_in(inner.get())) {
        if (auto removed = remove_tree(inner.get(), each, depth + 1); !removed) return removed;
    }
    if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
    return base::errno_error(errno, "remove " + name);
}

/// Renames nothing over something.
bool rename_in(int directory, const std::string& from, const std::string& to) {
    return ::renameat2(directory, from.c_str(), directory, to.c_str(), RENAME_NOREPLACE) == 0;
}

/// By its new name, the former one.
using Aside = std::vector<std::pair<std::string, std::string>>;

Result<Aside> set_aside(const fs::path& root, const fs::path& checkout) {
    const fs::path below = checkout.lexically_relative(root);
    const std::string name = below.filename().string();
    const auto way = open_way(root, below.parent_path());
    Aside aside;
    if (way.empty()) return aside;  // it is gone
    const int parent = way.back().get();
    std::vector<Item> items{item_of(parent, name)};
    arrange(items, base::unix_micros_now());
    if (!items.front().kept.empty())
        return make_error(ErrorKind::kConflict, "a job has just used it");
    for (const std::string& part : parts_of(name)) {
        if (is_left(part)) {
            aside.emplace_back(part, part);
            continue;
        }
        for (int number = 1; changed_at(parent, part) != 0 && number < kMostLeft; ++number) {
            std::string unused = part + std::string(kLeft) + std::to_string(number);
            if (!rename_in(parent, part, unused)) {
                if (errno == EEXIST) continue;
                return base::errno_error(errno, "rename " + (root / below).string());
            }
            aside.emplace_back(std::move(unused), part);
            break;
        }
    }
    return aside;
}

/// Where a job has made another one meanwhile, it stays aside and is removed the next time.
Result<void> put_back(const fs::path& root, const fs::path& checkout, const Aside& aside) {
    const auto way = open_way(root, checkout.lexically_relative(root).parent_path());
    for (const auto& [now, former] : aside) {
        if (!way.empty() && now != former) rename_in(way.back().get(), now, former);
    }
    return make_error(ErrorKind::kConflict, "a job has just begun to use it");
}

Result<void> remove_aside(const fs::path& root, const fs::path& checkout, const Aside& aside) {
    const auto way = open_way(root, checkout.lexically_relative(root).parent_path());
    for (const auto& [now, former] : aside) {
        if (way.empty()) break;
        if (auto removed = remove_tree(way.back().get(), now, 0); !removed)
            return removed.error().with_context(checkout.string());
    }
    return {};
}

}  // namespace

BuildsStore::BuildsStore(fs::path directory, std::set<std::string> runners, Used used)
    : directory_(plain(directory)),
      runners_(std::move(runners)),
      used_(std::move(used)),
      title_("builds directory " + directory_.string()) {}

Task<Result<status::DiskState>> BuildsStore::measure() {
    auto asking = disk_space_above(directory_);
    auto disk = co_await std::move(asking);
    if (disk) disk->directory = "builds";
    co_return disk;
}

Task<Result<std::vector<Item>>> BuildsStore::list() {
    const fs::path root = directory_;
    const std::set<std::string> runners = runners_;
    std::function<std::vector<Item>()> work = [root, runners] {
        return BuildsWalk(root, runners).checkouts();
    };
    auto items = co_await base::offload<std::vector<Item>>(std::move(work));
    for (Item& item : items) {
        if (is_used(item.name)) item.kept = "a running job uses it";
    }
    co_return items;
}

Task<Result<void>> BuildsStore::add_sizes(std::vector<Item>& items) {
    using Sizes = std::vector<std::optional<std::uint64_t>>;
    const fs::path root = directory_;
    Names names;
    for (const Item& item : items) names.push_back(item.name);
    std::function<Sizes()> work = [root, names] {
        SizeWalk walk(Clock::now() + kTreeLimit);
        Sizes sizes;
        for (const std::string& name : names) sizes.push_back(walk.size_of(root, name));
        return sizes;
    };
    auto sizes = co_await base::offload<Sizes>(std::move(work));
    for (std::size_t i = 0; i < items.size(); ++i) items[i].bytes = sizes[i];
    co_return Result<void>();
}

Task<Result<void>> BuildsStore::remove(const Item& item) {
    const fs::path root = directory_;
    const fs::path checkout = item.name;
    if (is_used(checkout)) co_return make_error(ErrorKind::kConflict, "a running job uses it");
    std::function<Result<Aside>()> renaming = [root, checkout] {
        return set_aside(root, checkout);
    };
    auto aside = co_await base::offload<Result<Aside>>(std::move(renaming));
    if (!aside) co_return aside.error();
    const bool used = is_used(checkout);
    const Aside parts = *aside;
    std::function<Result<void>()> ending = [root, checkout, parts, used] {
        return used ? put_back(root, checkout, parts) : remove_aside(root, checkout, parts);
    };
    auto removed = co_await base::offload<Result<void>>(std::move(ending));
    co_return removed;
}

bool BuildsStore::is_used(const fs::path& checkout) const {
    const fs::path tmp = checkout.string() + std::string(kTmp);
    for (const fs::path& each : used_()) {
        const fs::path project = plain(each);
        if (is_within(project, checkout) || is_within(project, tmp) || is_within(checkout, project))
            return true;
    }
    return false;
}

}  // namespace runner::collector
