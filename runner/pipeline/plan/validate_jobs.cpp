#include "runner/pipeline/plan/validate_jobs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/strings.hpp"
#include "runner/pipeline/graph/strongly_connected.hpp"
#include "runner/pipeline/plan/needs.hpp"
#include "runner/pipeline/rules/evaluate.hpp"

namespace runner::pipeline::plan {

using yaml::Value;

namespace {

constexpr std::size_t kNameLimit = 255;

/// The checks of one job, in GitLab's order. Each returns its first problem.
class JobValidator {
  public:
    JobValidator(const Configuration& configuration, const Job& job)
        : configuration_(configuration), job_(job) {}

    std::optional<Problem> check() const {
        if (auto problem = check_stage()) return problem;
        if (auto problem = check_dependencies()) return problem;
        if (auto problem = check_needs(job_.needs)) return problem;
        if (auto problem = check_rule_needs()) return problem;
        if (auto problem = check_artifact_include()) return problem;
        if (auto problem = check_on_stop()) return problem;
        return check_pages();
    }

  private:
    [[nodiscard]] Problem problem(std::string_view text, Mark mark) const {
        return {fmt::format("{} job: {}", job_.name, text), mark};
    }

    [[nodiscard]] Mark mark_of(std::string_view keyword) const {
        const Value* value = job_.value.find(keyword);
        return value == nullptr ? job_.mark : value->mark();
    }

    std::optional<Problem> check_stage() const {
        if (configuration_.stage_index(job_.stage) >= 0) return std::nullopt;
        return problem(fmt::format("chosen stage {} does not exist; available stages are {}",
                                   job_.stage, base::join(configuration_.stages, ", ")),
                       mark_of("stage"));
    }

    /// The job `name` must exist in the same stage or an earlier one. `word` is "need" or
    /// "dependency".
    std::optional<Problem> check_target(const std::string& name, std::string_view word,
                                        Mark mark) const {
        const Job* target = configuration_.find(name);
        if (target == nullptr) return problem(fmt::format("undefined {}: {}", word, name), mark);
        const int stage = configuration_.stage_index(target->stage);
        if (stage >= 0 && stage <= configuration_.stage_index(job_.stage)) return std::nullopt;
        return problem(fmt::format("{} {} is not defined in current or prior stages", word, name),
                       mark);
    }

    std::optional<Problem> check_dependencies() const {
        if (!job_.dependencies) return std::nullopt;
        for (const std::string& name : *job_.dependencies) {
            auto wrong = check_target(name, "dependency", mark_of("dependencies"));
            if (wrong) return wrong;
        }
        return std::nullopt;
    }

    std::optional<Problem> check_needs(const std::vector<Need>& needs) const {
        std::unordered_set<std::string_view> seen;
        std::vector<std::string> twice;
        for (const Need& need : needs) {
            if (need.job.size() > kNameLimit) {
                return problem(
                    fmt::format("need `{}` name is too long (maximum is 255 characters)", need.job),
                    need.mark);
            }
            const bool absent = configuration_.find(need.job) == nullptr;
            if (!(absent && need.optional)) {
                if (auto wrong = check_target(need.job, "need", need.mark)) return wrong;
            }
            if (!seen.insert(need.job).second &&
                std::find(twice.begin(), twice.end(), need.job) == twice.end()) {
                twice.push_back(need.job);
            }
        }
        if (twice.empty()) return std::nullopt;
        return Problem{fmt::format("{} has the following needs duplicated: {}.", job_.name,
                                   base::join(twice, ", ")),
                       mark_of("needs")};
    }

    std::optional<Problem> check_rule_needs() const {
        const Value* rules = job_.value.given("rules");
        if (rules == nullptr) return std::nullopt;
        for (const Value& rule : rules::flatten_rules(*rules)) {
            const Value* needs = rule.given("needs");
            if (needs == nullptr) continue;
            // GitLab does not expand parallel jobs here, so a parallel job counts as undefined.
            if (auto wrong = check_needs(expand_needs(*needs, {}).needs)) return wrong;
        }
        return std::nullopt;
    }

    /// The job whose artifact is the configuration of a child pipeline.
    std::optional<Problem> check_artifact_include() const {
        const Value* trigger = job_.value.given("trigger");
        const Value* include = trigger == nullptr ? nullptr : trigger->given("include");
        if (include == nullptr || !include->is_list()) return std::nullopt;
        for (const Value& item : include->items()) {
            const Value* job = item.given("job");
            if (job == nullptr) continue;
            if (auto wrong = check_target(job->to_text(), "dependency", job->mark())) return wrong;
        }
        return std::nullopt;
    }

    std::optional<Problem> check_on_stop() const {
        const Value* environment = job_.value.given("environment");
        const Value* on_stop = environment == nullptr ? nullptr : environment->given("on_stop");
        if (on_stop == nullptr) return std::nullopt;
        const std::string name = on_stop->to_text();
        const auto wrong = [&](std::string_view what) {
            return problem(fmt::format("on_stop job {} {}", name, what), on_stop->mark());
        };
        const Job* target = configuration_.find(name);
        if (target == nullptr) return wrong("is not defined");
        const Value* other = target->value.given("environment");
        if (other == nullptr) return wrong("does not have environment defined");
        if (environment_name(*target) != environment_name(job_)) {
            return wrong("have different environment name");
        }
        const Value* action = other->given("action");
        if (action == nullptr || !action->is_text("stop")) {
            return wrong("needs to have action stop defined");
        }
        return std::nullopt;
    }

    std::optional<Problem> check_pages() const {
        const Value* pages = job_.value.given("pages");
        if (job_.value.given("publish") == nullptr || pages == nullptr ||
            pages->given("publish") == nullptr) {
            return std::nullopt;
        }
        return problem(fmt::format("use either {0}:publish or {0}:pages:publish", job_.name),
                       mark_of("publish"));
    }

    const Configuration& configuration_;
    const Job& job_;
};

std::optional<Problem> check_cycles(const Configuration& configuration) {
    std::unordered_map<std::string_view, std::size_t> index;
    for (std::size_t i = 0; i < configuration.jobs.size(); ++i) {
        index.emplace(configuration.jobs[i].name, i);
    }
    std::vector<std::vector<std::size_t>> edges(configuration.jobs.size());
    for (std::size_t i = 0; i < configuration.jobs.size(); ++i) {
        const Job& job = configuration.jobs[i];
        for (const Need& need : job.needs) {
            const auto target = index.find(need.job);
            if (target == index.end()) continue;
            if (target->second == i) {
                return Problem{
                    "The pipeline has circular dependencies: self-dependency: " + job.name,
                    need.mark};
            }
            edges[i].push_back(target->second);
        }
    }
    for (const auto& component : graph::strongly_connected(edges)) {
        if (component.size() < 2) continue;
        std::string names;
        for (const std::size_t member : component) {
            if (!names.empty()) names += ", ";
            names += "\"" + configuration.jobs[member].name + "\"";
        }
        return Problem{
            fmt::format("The pipeline has circular dependencies: topological sort failed: [{}]",
                        names),
            configuration.jobs[component.front()].mark};
    }
    return std::nullopt;
}

}  // namespace

std::optional<Problem> validate_jobs(const Configuration& configuration) {
    for (const Job& job : configuration.jobs) {
        if (auto problem = JobValidator(configuration, job).check()) return problem;
    }
    return check_cycles(configuration);
}

}  // namespace runner::pipeline::plan
