#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "executors/docker/warm_demand.hpp"
#include "executors/docker/warm_environment.hpp"

namespace executors::docker {

/// A runner as the pool sees it. The settings need only live as long as the call.
struct WarmRunner {
    std::string id;  ///< its label
    const DockerSettings* docker = nullptr;
    const DindSettings* dind = nullptr;
    const std::vector<RegistrySettings>* registries = nullptr;
    std::vector<std::string> others;  ///< more settings that environments are made of
    int places = 1;                   ///< jobs that may run at once
    bool paused = false;
};

/// Where an environment belongs: to a runner and to one slot of one kind of jobs.
struct WarmPlace {
    std::string runner;
    std::string family;
    std::string text;  ///< WarmNeed::text

    auto operator<=>(const WarmPlace&) const = default;
};

/// What is known of the jobs of all runners, and which environments they should have. Pure but for
/// the life of recipes: it asks no engine, and is told what time it is.
///
/// Strand: the I/O thread.
class WarmKinds {
  public:
    /// Forgets what was learnt under other settings.
    void configure(const std::vector<WarmRunner>& runners);
    /// A job was prepared. Answers a number for ended(), 0 when nothing is learnt from it.
    std::uint64_t began(const std::string& runner, WarmRecipe recipe, WarmTime now);
    void ended(std::uint64_t job, WarmTime now);
    /// No further one is made of this kind for a while.
    void failed(const WarmPlace& place, WarmTime now);
    void measured(const WarmPlace& place, std::int64_t memory_bytes);

    /// The name leads to another image of that engine by now: no environment is made of the former
    /// one, and each of its recipes is to be renewed.
    void image_replaced(const EngineConnection& engine, const std::string& image,
                        const std::string& id);
    using Recipe = std::pair<WarmPlace, std::shared_ptr<const WarmRecipe>>;
    /// One that is to be renewed.
    [[nodiscard]] std::optional<Recipe> outdated() const;
    /// What the recipe of outdated() needs with the new image; nullopt: it is forgotten.
    void renew(const WarmPlace& place, std::optional<WarmNeed> need);

    using Recipes = std::map<WarmPlace, std::shared_ptr<const WarmRecipe>>;
    /// The environments that should be there, and how each one is made.
    Recipes wanted(WarmTime now);
    /// Whether one may be made now, or whether it is only to be kept.
    [[nodiscard]] bool may_make(const WarmPlace& place, WarmTime now) const;
    /// When to ask again although no job has come or gone; nullopt: never.
    [[nodiscard]] std::optional<WarmTime> next_change(WarmTime now) const;

  private:
    struct Kind {
        WarmHistory history;
        std::list<std::shared_ptr<const WarmRecipe>> recipes;  ///< of the slots, the last one first
        std::list<std::shared_ptr<const WarmRecipe>> outdated;  ///< the same; of a former image
        std::int64_t memory_bytes = 0;
        WarmTime blocked_until{};

        /// Any of them; there is one.
        [[nodiscard]] const WarmRecipe& recipe() const {
            return *(recipes.empty() ? outdated : recipes).front();
        }
    };
    struct Settings {
        DockerSettings docker;
        DindSettings dind;
        std::vector<RegistrySettings> registries;
        std::vector<std::string> others;

        bool operator==(const Settings&) const = default;
    };
    struct Runner {
        WarmLimits limits;
        bool paused = false;
        Settings settings;
        std::map<std::string, Kind> kinds;
    };
    struct Job {
        std::string runner;
        std::string family;
        WarmTime since;
    };

    static void learn(Kind& kind, WarmRecipe recipe, int places);
    static void forget_old(Runner& runner, WarmTime now);
    [[nodiscard]] WarmTime useful_from_of(const std::string& runner, WarmTime now) const;
    [[nodiscard]] const Kind* find(const std::string& runner, const std::string& family) const;

    std::map<std::string, Runner> runners_;
    std::map<std::uint64_t, Job> jobs_;
    std::uint64_t last_job_ = 0;
    WarmTime quiet_until_{};  ///< a job has just begun: it is not disturbed
};

}  // namespace executors::docker
