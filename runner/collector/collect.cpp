#include "runner/collector/collect.hpp"

#include <chrono>
#include <utility>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/stop_source.hpp"

namespace runner::collector {

using base::ErrorKind;
using base::Result;
using base::Task;
using status::DiskState;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kAskLimit{30};
constexpr std::chrono::seconds kSizesLimit{60};
constexpr std::chrono::minutes kRemovalLimit{5};
constexpr std::chrono::minutes kRunLimit{15};
constexpr std::uint64_t kMostRemovals = 500;

/// Whether there is no sense in asking for the next thing.
bool ends_the_run(const base::Error& error) {
    return error.is(ErrorKind::kUnavailable) || error.is(ErrorKind::kTimeout) ||
           error.is(ErrorKind::kCancelled);
}

/// One run in one place. Life: run() once.
class Run {
  public:
    Run(Store& store, const Marks& marks, const Wish& wish, OnRemoved on_removed)
        : store_(store), marks_(marks), wish_(wish), on_removed_(std::move(on_removed)) {
        report_.place = store.title();
    }

    Task<PlaceReport> run() {
        co_await measure();
        paused_ = wish_.paused || shortage_to_pause(report_.disk, marks_, false).any();
        auto listing = store_.list();
        auto listed = co_await base::with_deadline(std::move(listing), kAskLimit);
        if (!listed) {
            report_.problem = listed.error().message;
            report_.failed = true;
            co_return std::move(report_);
        }
        std::vector<Item> items = std::move(*listed);
        if (wish_.by_hand && !items.empty()) co_await add_sizes(items);
        arrange(items, base::unix_micros_now());
        for (Item& item : items) {
            report_.rows.push_back(
                {.item = std::move(item), .action = Action::kKeep, .reason = {}});
        }
        if (wish_.dry_run)
            plan();
        else
            co_await remove();
        explain_the_rest();
        co_return std::move(report_);
    }

  private:
    Task<void> measure() {
        auto asking = store_.measure();
        auto measured = co_await base::with_deadline(std::move(asking), kAskLimit);
        measured_ = measured.has_value();
        if (measured)
            report_.disk = *measured;
        else
            report_.problem = measured.error().message;
    }

    Task<void> add_sizes(std::vector<Item>& items) {
        auto adding = store_.add_sizes(items);
        auto added = co_await base::with_deadline(std::move(adding), kSizesLimit);
        if (!added && report_.problem.empty())
            report_.problem = "sizes of volumes are not known: " + added.error().message;
    }

    [[nodiscard]] Shortage missing() const {
        if (!measured_) return {};
        return wish_.by_hand ? shortage_until_enough(report_.disk, marks_, paused_)
                             : shortage_to_collect(report_.disk, marks_, paused_);
    }

    void plan() {
        std::vector<Item> items;
        for (const Row& row : report_.rows) items.push_back(row.item);
        std::size_t count = wish_.all ? items.size() : count_to_remove(items, missing());
        for (Row& row : report_.rows) {
            if (count == 0) break;
            if (!row.item.kept.empty()) continue;
            row.action = Action::kRemove;
            row.reason = why(row.item);
            --count;
        }
    }

    static std::string why(const Item& item) {
        return item.outdated ? "of a former version" : "unused for the longest time";
    }

    /// Of what was missing at the begin. It goes on until enough is free, and not only above the
    /// mark where it began.
    [[nodiscard]] bool is_enough() const {
        if (wish_.all) return false;
        const Shortage now = shortage_until_enough(report_.disk, marks_, paused_);
        const bool bytes = begun_short_.bytes == 0 || now.bytes == 0;
        const bool inodes = begun_short_.inodes == 0 || now.inodes == 0;
        return bytes && inodes;
    }

    Task<void> remove() {
        const auto end = Clock::now() + kRunLimit;
        begun_short_ = missing();
        for (Row& row : report_.rows) {
            if (is_enough() || report_.removed >= kMostRemovals || Clock::now() >= end) break;
            if (!row.item.kept.empty()) continue;
            const bool goes_on = co_await remove_one(row);
            if (!goes_on) break;
        }
    }

    Task<bool> remove_one(Row& row) {
        const std::uint64_t free_before = report_.disk.free_bytes;
        auto removing = store_.remove(row.item);
        auto removed = co_await base::with_deadline(std::move(removing), kRemovalLimit);
        if (!removed) {
            const bool goes_on = note_failure(row, removed.error());
            co_return goes_on;
        }
        row.action = Action::kRemoved;
        row.reason = why(row.item);
        if (measured_) co_await measure();
        const std::uint64_t grown =
            report_.disk.free_bytes > free_before ? report_.disk.free_bytes - free_before : 0;
        const std::uint64_t bytes = row.item.bytes.value_or(grown);
        ++report_.removed;
        report_.removed_bytes += bytes;
        if (on_removed_) on_removed_(row.item, bytes);
        co_return measured_ || wish_.all;
    }

    /// Answers whether the next thing is worth a try.
    bool note_failure(Row& row, const base::Error& error) {
        if (error.is(ErrorKind::kConflict)) {
            // Its use began after the list was made, or the engine knows of one that we do not.
            row.item.kept = error.message;
            base::log::debug(
                "Not removed",
                {{"place", report_.place}, {"name", row.item.name}, {"error", error.message}});
            return true;
        }
        row.action = Action::kFailed;
        row.reason = error.message;
        report_.problem = error.message;
        base::log::warning(
            "Unused data could not be removed",
            {{"place", report_.place}, {"name", row.item.name}, {"error", error.message}});
        return !ends_the_run(error);
    }

    void explain_the_rest() {
        for (Row& row : report_.rows) {
            if (row.action != Action::kKeep) continue;
            row.reason = !row.item.kept.empty() ? row.item.kept
                         : !measured_           ? "the free space is not known"
                                                : "enough is free";
        }
    }

    Store& store_;
    Marks marks_;
    Wish wish_;
    OnRemoved on_removed_;
    PlaceReport report_;
    Shortage begun_short_;
    bool measured_ = false;
    bool paused_ = false;  ///< jobs wait for room, at the begin
};

}  // namespace

std::string_view to_string(Action action) {
    switch (action) {
        case Action::kRemove: return "remove";
        case Action::kRemoved: return "removed";
        case Action::kKeep: return "keep";
        case Action::kFailed: return "failed";
    }
    return "";
}

Task<PlaceReport> collect(Store& store, Marks marks, Wish wish, OnRemoved on_removed) {
    Run run(store, marks, wish, std::move(on_removed));
    auto report = co_await run.run();
    co_return report;
}

}  // namespace runner::collector
