#include "runner/daemon/disk_keeper.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/log.hpp"
#include "base/run_together.hpp"
#include "base/size_text.hpp"
#include "base/stop_source.hpp"
#include "runner/collector/builds_store.hpp"
#include "runner/collector/disk_space.hpp"
#include "runner/collector/places.hpp"
#include "runner/collector/state_store.hpp"

namespace runner::daemon {

namespace fs = std::filesystem;
using base::Result;
using base::Task;
using collector::PlaceReport;
using collector::Wish;

namespace {

constexpr std::chrono::seconds kDiskInterval{15};
/// A round is a little longer than its pause; without this, each second one would find nothing due.
constexpr std::chrono::seconds kSlack{1};
constexpr std::chrono::seconds kMeasureLimit{10};
/// Of the first measurement: GitLab waits for the first request meanwhile.
constexpr std::chrono::seconds kStartLimit{1};
/// Between two runs in one place: the second goes on where limits have ended the first.
constexpr std::chrono::seconds kAfterRemovals{30};
constexpr std::chrono::minutes kAfterJustUsed{1};
constexpr std::chrono::minutes kAfterNothing{10};
constexpr const char* kState = "state";

std::string builds_key(const fs::path& path) { return "builds " + path.string(); }
std::string cache_key(const fs::path& path) { return "cache " + path.string(); }

std::chrono::seconds pause_after(const PlaceReport& report) {
    if (report.removed > 0) return kAfterRemovals;
    return report.rows.empty() ? std::chrono::seconds(kAfterNothing) : kAfterJustUsed;
}

/// Sets the flag for as long as it lives.
class Busy {
  public:
    explicit Busy(bool& flag) : flag_(flag) { flag_ = true; }
    ~Busy() { flag_ = false; }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

  private:
    bool& flag_;
};

}  // namespace

void DiskKeeper::configure(const config::Config& config, const std::filesystem::path& state_dir) {
    marks_ = collector::marks_of(config.disk);
    const Places known = std::exchange(places_, {});
    auto state = std::make_shared<collector::StateStore>(state_dir);
    Place own;
    own.title = state->title();
    own.store = state;
    own.disk.path = state_dir.string();
    own.disk.directory = kState;
    add_place(known, kState, std::move(own));
    for (const auto& [key, store] : host_.engines(config)) {
        Place engine;
        engine.title = "engine " + store->title();
        engine.store = store;
        engine.disk.directory = "engine";
        add_place(known, key, std::move(engine));
    }
    std::set<std::string> tokens;
    for (const auto& runner : config.runners) tokens.insert(config::short_token(runner.token));
    for (const auto& runner : config.runners) {
        const auto path = collector::builds_directory(runner);
        if (path.empty() || path == state_dir || places_.contains(builds_key(path))) continue;
        Place builds;
        builds.store =
            std::make_shared<collector::BuildsStore>(path, tokens, host_.used_directories);
        builds.title = builds.store->title();
        builds.disk.path = path.string();
        builds.disk.directory = "builds";
        add_place(known, builds_key(path), std::move(builds));
    }
    for (auto& store : collector::cache_stores(config, fs::current_path())) {
        Place caches;
        caches.title = store->title();
        caches.store = store;
        caches.disk.directory = "cache";
        add_place(known, cache_key(store->path()), std::move(caches));
    }
    for (auto& [key, place] : places_) judge(place);
}

void DiskKeeper::add_place(const Places& known, const std::string& key, Place place) {
    place.disk.place = place.title;
    if (const auto former = known.find(key); former != known.end()) {
        place.disk = former->second.disk;
        place.pauses = former->second.pauses;
        place.measure_at = former->second.measure_at;
        place.collect_at = former->second.collect_at;
        place.told_in_vain = former->second.told_in_vain;
    }
    places_.emplace(key, std::move(place));
}

Task<void> DiskKeeper::run() {
    while (true) {
        co_await look();
        const bool slept = co_await base::sleep_for(kDiskInterval);
        if (!slept) co_return;
    }
}

Task<void> DiskKeeper::look_here() {
    std::vector<Task<Result<void>>> here;
    for (const auto& [key, place] : places_) {
        if (place.disk.directory != "engine") here.push_back(measure(key, kStartLimit));
    }
    co_await base::run_every(std::move(here));
}

Task<void> DiskKeeper::look() {
    std::vector<Task<Result<void>>> due;
    for (const auto& [key, place] : places_) {
        if (place.measure_at <= Clock::now()) due.push_back(look_at(key));
    }
    co_await base::run_every(std::move(due));
}

Task<Result<void>> DiskKeeper::look_at(std::string key) {
    auto measured = co_await measure(key, kMeasureLimit);
    if (measured) collect_if_needed(key);
    co_return measured;
}

/// A reload may take the place away meanwhile.
Task<Result<void>> DiskKeeper::measure(std::string key, std::chrono::seconds limit) {
    const auto before = places_.find(key);
    if (before == places_.end()) co_return Result<void>();
    const auto store = before->second.store;
    const std::string path = before->second.disk.path;
    auto asking = store ? store->measure() : collector::disk_space_above(path);
    auto measured = co_await base::with_deadline(std::move(asking), limit);
    if (!measured && measured.error().is(base::ErrorKind::kCancelled)) co_return measured.error();
    const auto after = places_.find(key);
    if (after == places_.end()) co_return Result<void>();
    Place& place = after->second;
    if (measured) {
        measured->directory = place.disk.directory;
        measured->place = place.title;
        place.disk = std::move(*measured);
    } else {
        // A pause stays: that a full disk does not answer does not make room on it.
        if (!place.pauses) place.disk.size_bytes = 0;
        place.disk.problem = measured.error().is(base::ErrorKind::kTimeout)
                                 ? fmt::format("no answer within {} s", limit.count())
                                 : measured.error().message;
        base::log::debug("The free space is not known",
                         {{"place", place.title}, {"error", place.disk.problem}});
    }
    place.measure_at = Clock::now() + (store ? store->interval() : kDiskInterval) - kSlack;
    judge(place);
    co_return Result<void>();
}

void DiskKeeper::judge(Place& place) {
    const bool pauses = collector::shortage_to_pause(place.disk, marks_, place.pauses).any();
    if (pauses == place.pauses) return;
    place.pauses = pauses;
    if (pauses) {
        base::log::error("No jobs are taken: the disk is short",
                         {{"place", place.title},
                          {"path", place.disk.path},
                          {"space", collector::shortage_text(place.disk, marks_)}});
        return host_.on_pause();
    }
    base::log::info("Jobs are taken again: the disk has room",
                    {{"place", place.title},
                     {"path", place.disk.path},
                     {"free_bytes", place.disk.free_bytes},
                     {"free_inodes", place.disk.free_inodes}});
    host_.on_resume();
}

void DiskKeeper::collect_if_needed(const std::string& key) {
    const auto found = places_.find(key);
    if (found == places_.end() || !found->second.store || collecting_) return;
    Place& place = found->second;
    if (!place.disk.problem.empty()) return;  // nothing would say when it is enough
    if (!collector::shortage_to_collect(place.disk, marks_, place.pauses).any()) {
        place.told_in_vain = false;
        return;
    }
    if (place.collect_at > Clock::now()) return;
    collecting_ = true;
    collections_.spawn("collect unused data", collect_in(key));
}

Task<void> DiskKeeper::collect_in(std::string key) {
    const Busy busy(collecting_);
    const auto before = places_.find(key);
    if (before == places_.end()) co_return;  // a reload has taken it away
    const auto store = before->second.store;
    const Wish wish{.paused = before->second.pauses};
    auto collecting = collector::collect(*store, marks_, wish, host_.on_removed);
    auto report = co_await std::move(collecting);
    host_.on_collected();
    const auto found = places_.find(key);
    if (found == places_.end()) co_return;
    Place& place = found->second;
    const bool done = report.removed > 0;
    place.collect_at = Clock::now() + pause_after(report);
    place.measure_at = Clock::now();
    if (done) {
        base::log::info("Unused data was removed, because the disk is short",
                        {{"place", place.title},
                         {"count", report.removed},
                         {"freed", base::size_text(report.removed_bytes)},
                         {"free", base::size_text(report.disk.free_bytes)}});
    } else if (!std::exchange(place.told_in_vain, true)) {
        base::log::warning("The disk is short, and nothing of the runner can go there now",
                           {{"place", place.title},
                            {"path", place.disk.path},
                            {"free", base::size_text(place.disk.free_bytes)},
                            {"problem", report.problem}});
    }
}

Task<Result<std::vector<PlaceReport>>> DiskKeeper::collect_now(Wish wish) {
    if (collecting_)
        co_return base::make_error(base::ErrorKind::kConflict,
                                   "unused data is being removed already; try again later");
    const Busy busy(collecting_);
    std::vector<std::pair<std::shared_ptr<collector::Store>, bool>> stores;
    for (const auto& [key, place] : places_) {
        if (place.store) stores.emplace_back(place.store, place.pauses);
    }
    std::vector<PlaceReport> reports;
    wish.by_hand = true;
    for (std::size_t i = 0; i < stores.size(); ++i) {
        wish.paused = stores[i].second;
        auto collecting = collector::collect(*stores[i].first, marks_, wish, host_.on_removed);
        auto report = co_await std::move(collecting);
        reports.push_back(std::move(report));
    }
    if (!wish.dry_run) host_.on_collected();
    for (auto& [key, place] : places_) place.measure_at = Clock::now();
    co_return reports;
}

Task<void> DiskKeeper::wait_for_collection() { co_await collections_.wait(); }

Task<void> DiskKeeper::stop() {
    collections_.cancel_all();
    co_await collections_.wait();
}

std::vector<status::DiskState> DiskKeeper::states() const {
    std::vector<status::DiskState> all;
    for (const auto& [key, place] : places_) all.push_back(place.disk);
    return all;
}

std::string DiskKeeper::problem_of(const config::RunnerConfig& runner) const {
    const auto builds = collector::builds_directory(runner);
    const auto caches = collector::cache_directory(runner, fs::current_path());
    for (const std::string& key : {std::string(kState), collector::place_of(runner),
                                   builds_key(builds), cache_key(caches)}) {
        const auto found = places_.find(key);
        if (found == places_.end() || !found->second.pauses) continue;
        const Place& place = found->second;
        return fmt::format(
            "The disk of the {}{} is short: {}{}. `runner gc --dry-run` shows what of "
            "the runner can go.",
            place.title,
            place.title.find(place.disk.path) == std::string::npos
                ? fmt::format(" ({})", place.disk.path)
                : "",
            collector::shortage_text(place.disk, marks_),
            place.disk.problem.empty()
                ? ""
                : ", as far as is known: it cannot be measured now (" + place.disk.problem + ")");
    }
    return {};
}

}  // namespace runner::daemon
