#include "executors/docker/warm_pool.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "executors/docker/kept_data.hpp"
#include "executors/docker/labels.hpp"

namespace executors::docker {

using base::Task;

namespace {

constexpr std::chrono::minutes kMakeLimit{2};
constexpr std::chrono::minutes kLookAfter{1};
/// How long a job waits for an engine that is being started: as long as a start takes.
constexpr std::chrono::seconds kEngineLimit{3};

/// The volume for its engine's data, "" for none.
std::string data_of(const WarmRecipe& recipe) {
    return recipe.need.engine ? data_volume_name(recipe.job) : std::string();
}

std::string label_of(const JobEnvironment& job, std::string_view name) {
    const auto found = job.labels.find(label_name(name));
    return found == job.labels.end() ? std::string() : found->second;
}

}  // namespace

std::string_view to_string(WarmMiss miss) {
    switch (miss) {
        case WarmMiss::kEmpty: return "empty";
        case WarmMiss::kMaking: return "making";
        case WarmMiss::kDifferent: return "different";
        case WarmMiss::kImage: return "image";
        case WarmMiss::kDead: return "dead";
        case WarmMiss::kUnsuitable: break;
    }
    return "unsuitable";
}

WarmPool::WarmPool(const boost::asio::any_io_executor& executor, Surroundings surroundings)
    : executor_(executor),
      surroundings_(std::move(surroundings)),
      changed_(executor),
      group_(executor) {}

void WarmPool::start() {
    started_ = true;
    changed_.notify_all();
}

void WarmPool::configure(const std::vector<WarmRunner>& runners) {
    kinds_.configure(runners);
    for (const WarmRunner& runner : runners) {
        if (runner.docker->warm != 0) counts_[runner.id];
    }
    drop_unwanted();
    changed_.notify_all();
}

WarmMiss WarmPool::why_none(const std::string& runner, const WarmNeed& need) const {
    WarmMiss why = WarmMiss::kEmpty;
    for (const Entry& entry : entries_) {
        const WarmNeed& has = entry.recipe->need;
        if (entry.place.runner != runner || has.image != need.image) continue;
        if (entry.place.text == need.text && !entry.environment) return WarmMiss::kMaking;
        why = has.image_id == need.image_id ? WarmMiss::kDifferent : WarmMiss::kImage;
    }
    return why;
}

bool WarmPool::suits(const Entry& entry, const std::string& runner, const WarmNeed& need) const {
    return entry.place.runner == runner && entry.place.text == need.text &&
           entry.recipe->need.decisive == need.decisive;
}

/// An engine that is being started uses the data that the job needs: waiting for it is faster than
/// ending it and starting another one.
Task<void> WarmPool::wait_for_engine(const std::string& runner, const WarmNeed& need) {
    const auto is_making = [&](const Entry& entry) {
        return !entry.environment && !entry.stop->requested() && suits(entry, runner, need);
    };
    const auto is_ready = [&](const Entry& entry) {
        return entry.environment && suits(entry, runner, need);
    };
    const auto until = std::chrono::steady_clock::now() + kEngineLimit;
    while (need.engine && std::none_of(entries_.begin(), entries_.end(), is_ready) &&
           std::any_of(entries_.begin(), entries_.end(), is_making)) {
        const auto left = until - std::chrono::steady_clock::now();
        if (left <= left.zero()) co_return;
        co_await changed_.wait_for(left);
    }
}

Task<std::vector<std::string>> WarmPool::claim_data(std::string volume) {
    claimed_.insert(volume);
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        const bool uses = data_of(*entry->recipe) == volume;
        if (uses && !entry->environment) entry->stop->request(base::StopReason::kShutdown);
        entry = uses && entry->environment ? drop(entry) : std::next(entry);
    }
    // One that is being made stops at once, and leaves as well.
    const auto uses = [&](const Entry& entry) { return data_of(*entry.recipe) == volume; };
    while (std::any_of(entries_.begin(), entries_.end(), uses)) co_await changed_.wait();
    std::vector<std::string> containers;
    const auto [first, last] = leaving_.equal_range(volume);
    for (auto one = first; one != last; ++one) containers.push_back(one->second);
    co_return std::move(containers);
}

void WarmPool::release_data(const std::string& volume) {
    const auto found = claimed_.find(volume);
    if (found != claimed_.end()) claimed_.erase(found);
    changed_.notify_all();
}

Task<WarmTaken> WarmPool::take(std::string runner, WarmNeed need) {
    co_await wait_for_engine(runner, need);
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return entry.environment && suits(entry, runner, need);
    });
    WarmTaken taken;
    if (found == entries_.end()) {
        const WarmMiss why = why_none(runner, need);
        ++counts_[runner].misses[static_cast<int>(why)];
        if (why == WarmMiss::kImage) taken.lost = "the image " + need.image + " has changed";
        co_return std::move(taken);
    }
    const auto recipe = found->recipe;
    taken.environment = std::move(found->environment);
    entries_.erase(found);
    const std::string data = taken.environment->objects.data_volume;
    if (!data.empty()) claimed_.insert(data);
    auto released = co_await release_warm(recipe->engine->api(), *taken.environment, need);
    if (released) {
        ++counts_[runner].hits;
        co_return std::move(taken);
    }
    taken.lost = released.error().message;
    base::log::info("An environment that was ready ahead is of no use any more",
                    {{"container", taken.environment->objects.base}, {"error", taken.lost}});
    ++counts_[runner].misses[static_cast<int>(WarmMiss::kDead)];
    ++counts_[runner].removed;
    remove_later(recipe, std::move(taken.environment));
    release_data(data);
    co_return std::move(taken);
}

void WarmPool::note_unsuitable(const std::string& runner) {
    ++counts_[runner].misses[static_cast<int>(WarmMiss::kUnsuitable)];
}

std::uint64_t WarmPool::began(const std::string& runner, WarmRecipe recipe) {
    if (closing_.requested()) return 0;
    const auto job = kinds_.began(runner, std::move(recipe), surroundings_.now());
    if (job != 0 && look_after_at_ == WarmTime{}) {
        look_after_at_ = surroundings_.now() + kLookAfter;
        group_.spawn("environments ahead", serve());
    }
    changed_.notify_all();
    return job;
}

void WarmPool::ended(std::uint64_t job) {
    kinds_.ended(job, surroundings_.now());
    changed_.notify_all();
}

void WarmPool::image_replaced(const EngineConnection& engine, const std::string& image,
                              const std::string& id) {
    kinds_.image_replaced(engine, image, id);
    const auto wanted = kinds_.wanted(surroundings_.now());
    for (const Entry& entry : entries_) {
        if (!entry.environment && !wanted.contains(entry.place))
            entry.stop->request(base::StopReason::kShutdown);
    }
    drop_unwanted();
    changed_.notify_all();
}

Task<void> WarmPool::serve() {
    while (!started_ && !closing_.requested()) co_await changed_.wait();
    while (!closing_.requested()) {
        drop_unwanted();
        auto outdated = kinds_.outdated();
        if (outdated) {
            auto renewing = renew(std::move(*outdated));
            co_await std::move(renewing);
            continue;
        }
        const auto now = surroundings_.now();
        auto next = next_to_make(now);
        if (next) {
            begin_to_make(next->first, std::move(next->second));
            continue;
        }
        if (has_to_look() && now >= look_after_at_) {
            co_await look_after();
            continue;
        }
        const auto pause = pause_from(now);
        if (pause) {
            co_await changed_.wait_for(*pause);
        } else {
            co_await changed_.wait();
        }
    }
}

Task<void> WarmPool::renew(WarmKinds::Recipe outdated) {
    auto looking = look_again(executor_, *outdated.second);
    const base::Deadline limit = std::chrono::steady_clock::now() + kMakeLimit;
    auto need = co_await base::run_stoppable(&closing_, std::move(looking), limit);
    if (need) {
        kinds_.renew(outdated.first, std::move(*need));
        co_return;
    }
    if (closing_.requested()) co_return;
    kinds_.renew(outdated.first, std::nullopt);
    base::log::info("No environments are made ahead of the image that replaced another one",
                    {{"image", outdated.second->need.image}, {"reason", need.error().message}});
}

std::optional<WarmKinds::Recipes::value_type> WarmPool::next_to_make(WarmTime now) {
    for (auto& [place, recipe] : kinds_.wanted(now)) {
        const bool there = std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
            const bool making = !entry.environment && entry.recipe->engine == recipe->engine;
            return entry.place == place || making;
        });
        if (there || !kinds_.may_make(place, now)) continue;
        if (const std::string data = data_of(*recipe); claimed_.contains(data)) continue;
        note_pressure();
        if (!pressure_.empty()) return std::nullopt;
        return WarmKinds::Recipes::value_type(place, recipe);
    }
    return std::nullopt;
}

/// nullopt: nothing changes by itself.
std::optional<std::chrono::nanoseconds> WarmPool::pause_from(WarmTime now) const {
    auto next = kinds_.next_change(now);
    if (has_to_look() && (!next || look_after_at_ < *next)) next = look_after_at_;
    if (!next) return std::nullopt;
    return std::max<std::chrono::nanoseconds>(*next - now, std::chrono::milliseconds(1));
}

void WarmPool::begin_to_make(WarmPlace place, std::shared_ptr<const WarmRecipe> recipe) {
    const auto entry = entries_.insert(
        entries_.end(),
        {std::move(place), std::move(recipe), nullptr, 0, std::make_unique<base::StopSource>()});
    group_.spawn("make an environment ahead", make(entry));
}

Task<void> WarmPool::make(Entries::iterator entry) {
    const WarmPlace place = entry->place;
    const auto recipe = entry->recipe;
    auto environment = std::make_unique<WarmEnvironment>();
    auto work = make_warm(executor_, *recipe, *environment);
    const base::Deadline limit = std::chrono::steady_clock::now() + kMakeLimit;
    auto made = co_await base::run_stoppable(entry->stop.get(), std::move(work), limit);
    if (!made || entry->stop->requested()) {
        const bool failed = !entry->stop->requested();
        environment->interrupted = !failed;
        entries_.erase(entry);
        if (failed) {
            kinds_.failed(place, surroundings_.now());
            base::log::warning("An environment could not be made ahead; jobs start without it",
                               {{"image", recipe->need.image}, {"error", made.error().message}});
        }
        remove_later(recipe, std::move(environment));
        co_return;
    }
    environment->made_at = surroundings_.now();
    ++counts_[place.runner].made;
    auto measuring = recipe->engine->api().container_memory(environment->objects.container);
    const base::Deadline answer = std::chrono::steady_clock::now() + kWarmAskLimit;
    auto memory = co_await base::run_stoppable(entry->stop.get(), std::move(measuring), answer);
    if (memory) {
        entry->memory_bytes = *memory;
        kinds_.measured(place, *memory);
    }
    entry->environment = std::move(environment);
    if (entry->stop->requested()) drop(entry);
    changed_.notify_all();
}

/// Finds environments that have ended by themselves, and what the others use by now.
Task<void> WarmPool::look_after() {
    note_pressure();
    drop_unwanted();
    std::list<WarmLook> looks;
    for (const Entry& entry : entries_) {
        if (!entry.environment) continue;
        looks.push_back({entry.recipe->engine, entry.environment->objects.container});
    }
    co_await look_at(looks, closing_);
    note_looks(looks);
    look_after_at_ = surroundings_.now() + kLookAfter;
}

void WarmPool::note_looks(const std::list<WarmLook>& looks) {
    std::map<WarmPlace, std::int64_t> most;  // of a family
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        const auto look = std::find_if(looks.begin(), looks.end(), [&](const WarmLook& one) {
            return entry->environment && one.container == entry->environment->objects.container;
        });
        if (look == looks.end()) {
            ++entry;
            continue;
        }
        if (look->memory_bytes > 0) entry->memory_bytes = look->memory_bytes;
        auto& bytes = most[{entry->place.runner, entry->place.family, ""}];
        bytes = std::max(bytes, entry->memory_bytes);
        entry = look->ended ? drop(entry) : std::next(entry);
    }
    for (const auto& [place, bytes] : most) kinds_.measured(place, bytes);
}

void WarmPool::note_pressure() {
    const std::string former = std::exchange(pressure_, surroundings_.pressure());
    if (former.empty() == pressure_.empty()) return;
    if (pressure_.empty()) {
        base::log::info("Environments are made ahead again");
    } else {
        base::log::warning("No environments are made ahead now", {{"reason", pressure_}});
    }
}

void WarmPool::drop_unwanted() {
    const auto wanted = kinds_.wanted(surroundings_.now());
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        const bool keep = !entry->environment || (pressure_.empty() && !closing_.requested() &&
                                                  wanted.contains(entry->place));
        entry = keep ? std::next(entry) : drop(entry);
    }
}

WarmPool::Entries::iterator WarmPool::drop(Entries::iterator entry) {
    ++counts_[entry->place.runner].removed;
    remove_later(entry->recipe, std::move(entry->environment));
    return entries_.erase(entry);
}

void WarmPool::remove_later(const std::shared_ptr<const WarmRecipe>& recipe,
                            std::unique_ptr<WarmEnvironment> environment) {
    const auto leaving = leaving_.emplace(data_of(*recipe), environment->objects.container);
    changed_.notify_all();
    group_.spawn("remove an environment", remove(recipe, std::move(environment), leaving));
}

Task<void> WarmPool::remove(std::shared_ptr<const WarmRecipe> recipe,
                            std::unique_ptr<WarmEnvironment> environment,
                            Leaving::iterator leaving) {
    // A job that needs the data waits for the end of the container.
    const bool in_a_hurry = claimed_.contains(leaving->first);
    auto removed = co_await remove_warm(*recipe, *environment, in_a_hurry);
    leaving_.erase(leaving);
    changed_.notify_all();
    if (removed) co_return;
    base::log::warning(
        "An environment that was ready ahead could not be removed; the next start "
        "tries again",
        {{"container", environment->objects.base}, {"error", removed.error().message}});
}

Task<void> WarmPool::close() {
    closing_.request(base::StopReason::kShutdown);
    for (const Entry& entry : entries_) entry.stop->request(base::StopReason::kShutdown);
    drop_unwanted();
    changed_.notify_all();
    co_await group_.wait();
}

std::vector<WarmState> WarmPool::states() const {
    std::vector<WarmState> states;
    const auto now = surroundings_.now();
    for (const Entry& entry : entries_) {
        if (!entry.environment) continue;
        const auto age = now - entry.environment->made_at;
        states.push_back({.runner = entry.place.runner,
                          .image = entry.recipe->need.image,
                          .project_id = entry.recipe->job.project_id,
                          .protected_ref = entry.recipe->job.protected_ref,
                          .name = entry.environment->objects.base + "-build",
                          .local_id = label_of(entry.recipe->job, "runner.local_id"),
                          .slot = label_of(entry.recipe->job, "project.runner_id"),
                          .engine = entry.recipe->need.engine,
                          .age = std::chrono::duration_cast<std::chrono::seconds>(age),
                          .memory_bytes = entry.memory_bytes});
    }
    return states;
}

}  // namespace executors::docker
