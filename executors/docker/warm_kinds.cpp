#include "executors/docker/warm_kinds.hpp"

#include <algorithm>
#include <utility>

#include "executors/docker/engine_usage.hpp"

namespace executors::docker {

namespace {

constexpr std::size_t kMostKinds = 100;
constexpr std::chrono::minutes kAfterFailure{1};
/// A job that has just begun has the engine and the processors for itself.
constexpr std::chrono::milliseconds kQuiet{200};
/// Before one was measured.
constexpr std::int64_t kPlainBytes = 8LL << 20;
constexpr std::int64_t kEngineBytes = 100LL << 20;

}  // namespace

void WarmKinds::configure(const std::vector<WarmRunner>& runners) {
    std::map<std::string, Runner> next;
    for (const WarmRunner& given : runners) {
        if (given.docker->warm == 0) continue;
        Runner& runner = next[given.id];
        Settings settings{*given.docker, *given.dind, *given.registries, given.others};
        const auto known = runners_.find(given.id);
        if (known != runners_.end() && known->second.settings == settings) {
            runner = std::move(known->second);
        } else {
            runner.settings = std::move(settings);
        }
        runner.limits = {given.docker->warm, given.places, given.docker->warm_memory_bytes};
        runner.paused = given.paused;
    }
    runners_ = std::move(next);
}

std::uint64_t WarmKinds::began(const std::string& runner, WarmRecipe recipe, WarmTime now) {
    quiet_until_ = now + kQuiet;
    const auto found = runners_.find(runner);
    if (found == runners_.end()) return 0;
    forget_old(found->second, now);
    const std::string family = recipe.need.family;
    const std::string image = recipe.need.image;
    const std::string image_id = recipe.need.image_id;
    auto& kinds = found->second.kinds;
    // The name of an image leads to another one by now: nothing is made of the former one.
    std::erase_if(kinds, [&](const auto& entry) {
        const WarmNeed& need = entry.second.recipe().need;
        return need.image == image && need.image_id != image_id;
    });
    Kind& kind = kinds[family];
    note_arrival(kind.history, now);
    learn(kind, std::move(recipe), found->second.limits.places);
    jobs_[++last_job_] = {runner, family, now};
    return last_job_;
}

void WarmKinds::learn(Kind& kind, WarmRecipe recipe, int places) {
    if (kind.memory_bytes == 0) kind.memory_bytes = recipe.need.engine ? kEngineBytes : kPlainBytes;
    std::erase_if(kind.recipes,
                  [&](const auto& known) { return known->need.text == recipe.need.text; });
    kind.recipes.push_front(std::make_shared<const WarmRecipe>(std::move(recipe)));
    while (kind.recipes.size() > static_cast<std::size_t>(std::max(places, 1)))
        kind.recipes.pop_back();
}

void WarmKinds::forget_old(Runner& runner, WarmTime now) {
    std::erase_if(runner.kinds, [&](const auto& entry) {
        return likely_jobs(entry.second.history, runner.limits.warm, now) == 0;
    });
    while (runner.kinds.size() >= kMostKinds) {
        const auto oldest = std::min_element(
            runner.kinds.begin(), runner.kinds.end(), [](const auto& one, const auto& other) {
                return one.second.history.arrivals.back() < other.second.history.arrivals.back();
            });
        runner.kinds.erase(oldest);
    }
}

void WarmKinds::ended(std::uint64_t job, WarmTime now) {
    const auto found = jobs_.find(job);
    if (found == jobs_.end()) return;
    const Job ended = std::move(found->second);
    jobs_.erase(found);
    quiet_until_ = now;
    const auto runner = runners_.find(ended.runner);
    if (runner == runners_.end()) return;
    const auto kind = runner->second.kinds.find(ended.family);
    if (kind == runner->second.kinds.end()) return;
    note_duration(kind->second.history,
                  std::chrono::duration_cast<std::chrono::milliseconds>(now - ended.since));
}

const WarmKinds::Kind* WarmKinds::find(const std::string& runner, const std::string& family) const {
    const auto found = runners_.find(runner);
    if (found == runners_.end()) return nullptr;
    const auto kind = found->second.kinds.find(family);
    return kind == found->second.kinds.end() ? nullptr : &kind->second;
}

void WarmKinds::image_replaced(const EngineConnection& engine, const std::string& image,
                               const std::string& id) {
    const std::string name = canonical_image_name(image);
    for (auto& [runner_id, runner] : runners_) {
        for (auto& [family, kind] : runner.kinds) {
            const WarmRecipe& recipe = kind.recipe();
            if (recipe.engine.get() != &engine || recipe.need.image_id == id) continue;
            if (canonical_image_name(recipe.need.image) != name) continue;
            kind.outdated.splice(kind.outdated.end(), kind.recipes);
        }
    }
}

std::optional<WarmKinds::Recipe> WarmKinds::outdated() const {
    for (const auto& [id, runner] : runners_) {
        for (const auto& [family, kind] : runner.kinds) {
            if (kind.outdated.empty()) continue;
            const auto& recipe = kind.outdated.front();
            return Recipe({id, family, recipe->need.text}, recipe);
        }
    }
    return std::nullopt;
}

void WarmKinds::renew(const WarmPlace& place, std::optional<WarmNeed> need) {
    const auto runner = runners_.find(place.runner);
    if (runner == runners_.end()) return;
    auto& kinds = runner->second.kinds;
    const auto former = kinds.find(place.family);
    if (former == kinds.end()) return;
    auto& outdated = former->second.outdated;
    const auto found = std::find_if(outdated.begin(), outdated.end(), [&](const auto& recipe) {
        return recipe->need.text == place.text;
    });
    if (found == outdated.end()) return;
    WarmRecipe recipe = **found;
    outdated.erase(found);
    if (need) {
        recipe.need = std::move(*need);
        Kind& kind = kinds.try_emplace(recipe.need.family).first->second;
        if (kind.recipes.empty()) {
            kind.history = former->second.history;
            kind.memory_bytes = former->second.memory_bytes;
        }
        for (auto& [number, job] : jobs_) {
            if (job.runner == place.runner && job.family == place.family)
                job.family = recipe.need.family;
        }
        kind.recipes.push_back(std::make_shared<const WarmRecipe>(std::move(recipe)));
    }
    if (outdated.empty() && former->second.recipes.empty()) kinds.erase(former);
}

void WarmKinds::failed(const WarmPlace& place, WarmTime now) {
    const auto found = runners_.find(place.runner);
    if (found == runners_.end()) return;
    const auto kind = found->second.kinds.find(place.family);
    if (kind != found->second.kinds.end()) kind->second.blocked_until = now + kAfterFailure;
}

void WarmKinds::measured(const WarmPlace& place, std::int64_t memory_bytes) {
    const auto found = runners_.find(place.runner);
    if (found == runners_.end() || memory_bytes <= 0) return;
    const auto kind = found->second.kinds.find(place.family);
    if (kind != found->second.kinds.end()) kind->second.memory_bytes = memory_bytes;
}

WarmKinds::Recipes WarmKinds::wanted(WarmTime now) {
    Recipes wanted;
    for (auto& [id, runner] : runners_) {
        forget_old(runner, now);
        if (runner.paused) continue;
        std::vector<WarmKind> kinds;
        for (const auto& [family, kind] : runner.kinds) {
            kinds.push_back(
                {family, &kind.history, static_cast<int>(kind.recipes.size()), kind.memory_bytes});
        }
        for (const auto& [family, count] : share_places(std::move(kinds), runner.limits, now)) {
            int left = count;
            for (const auto& recipe : runner.kinds[family].recipes) {
                if (left-- == 0) break;
                wanted[{id, family, recipe->need.text}] = recipe;
            }
        }
    }
    return wanted;
}

bool WarmKinds::may_make(const WarmPlace& place, WarmTime now) const {
    const Kind* kind = find(place.runner, place.family);
    return kind != nullptr && now >= kind->blocked_until && now >= quiet_until_ &&
           now >= useful_from_of(place.runner, now);
}

WarmTime WarmKinds::useful_from_of(const std::string& runner, WarmTime now) const {
    std::vector<WarmBusy> busy;
    for (const auto& [number, job] : jobs_) {
        if (job.runner != runner) continue;
        const Kind* kind = find(job.runner, job.family);
        busy.push_back({job.since, kind == nullptr ? std::chrono::milliseconds(0)
                                                   : kind->history.mean_duration});
    }
    return useful_from(busy, runners_.at(runner).limits.places, now);
}

std::optional<WarmTime> WarmKinds::next_change(WarmTime now) const {
    std::optional<WarmTime> next;
    const auto consider = [&](WarmTime when) {
        if (when > now && (!next || when < *next)) next = when;
    };
    for (const auto& [id, runner] : runners_) {
        if (runner.kinds.empty()) continue;
        consider(quiet_until_);
        consider(useful_from_of(id, now));
        for (const auto& [family, kind] : runner.kinds) {
            consider(kind.blocked_until);
            if (runner.limits.warm == kWarmAuto)
                consider(kind.history.arrivals.back() + patience(kind.history) +
                         std::chrono::seconds(1));
        }
    }
    return next;
}

}  // namespace executors::docker
