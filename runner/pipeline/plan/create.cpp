#include "runner/pipeline/plan/create.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.hpp"
#include "runner/pipeline/merge/deep_merge.hpp"
#include "runner/pipeline/plan/created_checks.hpp"
#include "runner/pipeline/plan/needs.hpp"
#include "runner/pipeline/variables/expand.hpp"

namespace runner::pipeline::plan {

using yaml::Value;

namespace {

constexpr std::size_t kMostVariables = 2'000'000;  // in all jobs together

bool inherits_variable(const Job& job, std::string_view key) {
    const Value* inherit = job.value.given("inherit");
    const Value* which = inherit == nullptr ? nullptr : inherit->given("variables");
    if (which == nullptr) return true;
    if (which->is_bool()) return which->as_bool();
    return which->is_list() && std::any_of(which->items().begin(), which->items().end(),
                                           [&](const Value& name) { return name.is_text(key); });
}

void fail(Pipeline& pipeline, std::string text, Mark mark) {
    pipeline.errors.push_back({std::move(text), mark});
}

/// The variables of a configuration for one job, in the order in which GitLab looks for cycles: the
/// job's own come first.
variables::Collection job_first(const variables::Collection& own,
                                const variables::Collection& all) {
    variables::Collection ordered = own;
    for (const auto& variable : all.all()) {
        if (ordered.find(variable.key) == nullptr) ordered.set(variable);
    }
    return ordered;
}

void apply_rule(PlannedJob& planned, const Value& rule) {
    if (const Value* when = rule.given("when")) {
        planned.when = parse_when(when->to_text()).value_or(planned.when);
    }
    if (const Value* start = rule.given("start_in")) planned.start_in = start->to_text();
    const Value* allow = rule.given("allow_failure");
    if (allow != nullptr) {
        planned.allow_failure = allow->is_true();
        planned.allowed_exit_codes.clear();
    }
    const Value* interruptible = rule.given("interruptible");
    if (interruptible != nullptr) planned.interruptible = interruptible->is_true();
    planned.variables.merge(variables_of(rule.given("variables")));
}

/// What became of a job of the configuration.
struct Seed {
    const Job* job = nullptr;
    bool included = false;
    std::optional<Problem> problem;  ///< one of its rules cannot be evaluated
};

/// The creation of one pipeline.
class PipelineCreation {
  public:
    PipelineCreation(const Configuration& configuration, const ParallelNames& parallel,
                     const CreateRequest& request)
        : configuration_(configuration), parallel_(parallel), request_(request) {}

    Pipeline run() {
        root_ = configuration_.variables;
        if (!apply_workflow()) return std::move(pipeline_);
        std::vector<std::vector<const Job*>> by_stage(configuration_.stages.size());
        for (const Job& job : configuration_.jobs) {
            const int stage = configuration_.stage_index(job.stage);
            if (stage >= 0) by_stage[static_cast<std::size_t>(stage)].push_back(&job);
        }
        for (const auto& jobs : by_stage) add_stage(jobs);
        if (pipeline_.errors.empty()) report_problems();
        if (pipeline_.errors.empty()) check_not_empty(pipeline_.stages, hidden_, pipeline_.errors);
        if (pipeline_.errors.empty()) name_pipeline();
        return std::move(pipeline_);
    }

  private:
    [[nodiscard]] variables::Collection pipeline_variables() const {
        variables::Collection all = request_.predefined;
        all.merge(root_);
        all.merge(request_.given);
        return all;
    }

    /// Returns false when there will be no pipeline.
    bool apply_workflow() {
        const Value& workflow = configuration_.workflow;
        if (const Value* cancel = workflow.given("auto_cancel")) pipeline_.auto_cancel = *cancel;
        const Value* list = workflow.given("rules");
        return list == nullptr || apply_workflow_rules(*list);
    }

    void name_pipeline() {
        const Value* name = configuration_.workflow.given("name");
        if (name == nullptr) return;
        const std::string text = variables::expand_nested(name->to_text(), pipeline_variables(),
                                                          variables::Undefined::kEmpty);
        pipeline_.name = base::trim(text);
        check_pipeline_name(pipeline_.name, name->mark(), pipeline_.errors);
    }

    bool refuse(Mark mark, std::string hint) {
        pipeline_.errors.push_back(
            {"The pipeline did not run. Review the workflow:rules configuration for the pipeline.",
             mark, std::move(hint)});
        return false;
    }

    bool apply_workflow_rules(const Value& list) {
        const auto rules = rules::flatten_rules(list);
        const variables::Collection seen = pipeline_variables();
        auto match =
            rules::first_match(rules, rules::Context(seen, request_.repository, expressions_));
        // GitLab does not tell why a rule cannot be evaluated.
        if (!match) return refuse(match.error().mark, match.error().text);
        pipeline_.workflow = std::move(match->verdicts);
        const Value* when = match->rule == nullptr ? nullptr : match->rule->given("when");
        if (match->rule == nullptr || (when != nullptr && when->is_text("never"))) {
            return refuse(list.mark(), {});
        }
        root_.merge(variables_of(match->rule->given("variables")));
        if (const Value* cancel = match->rule->given("auto_cancel")) {
            merge::Budget budget;
            pipeline_.auto_cancel = merge::deep_merge(pipeline_.auto_cancel, *cancel, budget);
        }
        return true;
    }

    /// GitLab drops a stage without jobs, and the problems of its rules with it.
    void add_stage(const std::vector<const Job*>& jobs) {
        std::vector<Seed> seeds;
        for (const Job* job : jobs) {
            auto planned = plan(*job);
            Seed& seed = seeds.emplace_back(Seed{job, planned && *planned, std::nullopt});
            if (!planned) seed.problem = planned.error();
            if (!seed.included) continue;
            variables_ += (*planned)->variables.all().size();
            if (variables_ > kMostVariables) {
                fail(pipeline_, "The variables of all jobs together are too many", job->mark);
                return;
            }
            pipeline_.jobs.push_back(std::move(**planned));
        }
        if (std::none_of(seeds.begin(), seeds.end(), [](const Seed& s) { return s.included; })) {
            for (const Seed& seed : seeds) {
                if (seed.problem && hidden_.empty()) hidden_ = seed.problem->text;
            }
            return;
        }
        pipeline_.stages.push_back(jobs.front()->stage);
        seeds_.insert(seeds_.end(), seeds.begin(), seeds.end());
    }

    /// The problems of all jobs, job by job.
    void report_problems() {
        JobNames present;
        for (const PlannedJob& planned : pipeline_.jobs) present.insert(planned.job->name);
        for (const Seed& seed : seeds_) {
            if (seed.problem) pipeline_.errors.push_back(*seed.problem);
            if (!seed.included) continue;
            check_needs(*seed.job, present, pipeline_.errors);
            check_variables(*seed.job, job_first(seed.job->variables, yaml_variables(*seed.job)),
                            pipeline_.errors);
        }
    }

    variables::Collection yaml_variables(const Job& job) const {
        variables::Collection all;
        for (const auto& variable : root_.all()) {
            if (inherits_variable(job, variable.key)) all.set(variable);
        }
        all.merge(job.variables);
        return all;
    }

    /// The CI_ENVIRONMENT_… variables as rules see them: without CI_ENVIRONMENT_SLUG.
    variables::Collection environment_for_rules(const Job& job, variables::Collection known,
                                                const variables::Collection& own) const {
        const Value* environment = job.value.given("environment");
        if (environment == nullptr) return {};
        known.merge(own);
        known.merge(request_.given);
        variables::Collection shown;
        const variables::Collection all = environment_variables(job, known);
        for (const auto& variable : all.all()) {
            if (variable.key != "CI_ENVIRONMENT_SLUG") shown.set(variable);
        }
        return shown;
    }

    PlannedJob without_rules(const Job& job) const {
        PlannedJob planned;
        planned.job = &job;
        planned.when = job.when;
        planned.allow_failure = job.allows_failure();
        planned.allowed_exit_codes = job.allowed_exit_codes;
        planned.has_needs = job.has_needs;
        planned.needs = job.needs;
        planned.variables = yaml_variables(job);
        if (const Value* start = job.value.given("start_in")) planned.start_in = start->to_text();
        const Value* interruptible = job.value.given("interruptible");
        if (interruptible != nullptr) planned.interruptible = interruptible->is_true();
        return planned;
    }

    /// Nothing when the job is left out of the pipeline.
    Checked<std::optional<PlannedJob>> plan(const Job& job) {
        PlannedJob planned = without_rules(job);
        variables::Collection seen = request_.predefined;
        seen.merge(predefined_of(job));
        seen.merge(environment_for_rules(job, seen, planned.variables));
        seen.merge(planned.variables);
        seen.merge(request_.given);
        const rules::Context context(seen, request_.repository, expressions_);
        const Value* rules = job.value.given("rules");
        auto applied = rules != nullptr ? apply_rules(std::move(planned), *rules, context)
                                        : apply_only_except(std::move(planned), context);
        if (applied && *applied) expand_keywords(**applied, std::move(seen));
        return applied;
    }

    void expand_keywords(PlannedJob& planned, variables::Collection known) const {
        const Job& job = *planned.job;
        planned.expanded.tags = expanded_tags(job, known);
        known.merge(planned.variables);
        known.merge(request_.given);
        planned.expanded.resource_group = expanded_resource_group(job, known);
        known.merge(environment_variables(job, known));
        known.merge(planned.variables);
        known.merge(request_.given);
        planned.expanded.environment = expanded_environment(job, known);
    }

    Checked<std::optional<PlannedJob>> apply_only_except(PlannedJob planned,
                                                         const rules::Context& context) {
        const Job& job = *planned.job;
        const Value* only = job.value.given("only");
        const Value* except = job.value.given("except");
        // The default of `only` does not apply when the job has the key `rules`, even a null one.
        const bool no_default =
            configuration_.workflow.given("rules") != nullptr || job.value.find("rules") != nullptr;
        if (only == nullptr && no_default && except == nullptr) {
            return std::optional(std::move(planned));
        }
        rules::PipelineInfo pipeline = request_.pipeline;
        // Where the default of `only` does not apply, a job is not left out of merge request
        // pipelines.
        if (only == nullptr && no_default) pipeline.is_merge_request = false;
        auto verdict = rules::evaluate_only_except(only, except, pipeline, context);
        if (!verdict.matched) {
            pipeline_.left_out.push_back({&job, verdict.reason, {verdict}});
            return std::optional<PlannedJob>{};
        }
        planned.reason = verdict.reason;
        if (!planned.reason.empty()) planned.verdicts = {std::move(verdict)};
        return std::optional(std::move(planned));
    }

    Checked<std::optional<PlannedJob>> apply_rules(PlannedJob planned, const Value& list,
                                                   const rules::Context& context) {
        const Job& job = *planned.job;
        const auto rules = rules::flatten_rules(list);
        auto match = rules::first_match(rules, context);
        if (!match) {
            return Problem{
                fmt::format("Failed to parse rule for {}: {}", job.name, match.error().text),
                match.error().mark};
        }
        if (match->rule == nullptr) {
            pipeline_.left_out.push_back({&job, "no rule matched", std::move(match->verdicts)});
            return std::optional<PlannedJob>{};
        }
        const std::string reason = fmt::format("rule {}{}{}", match->index + 1,
                                               match->verdicts.back().reason.empty() ? "" : ": ",
                                               match->verdicts.back().reason);
        apply_rule(planned, *match->rule);
        if (planned.when == When::kNever) {
            pipeline_.left_out.push_back(
                {&job, reason + "; when: never", std::move(match->verdicts)});
            return std::optional<PlannedJob>{};
        }
        planned.reason = reason;
        planned.verdicts = std::move(match->verdicts);
        if (const Value* needs = match->rule->given("needs")) {
            ExpandedNeeds expanded = expand_needs(*needs, parallel_);
            if (expanded.needs.size() > kMostNeeds) {
                return too_many_needs(job.name, expanded.needs.size(), job.mark);
            }
            // GitLab's documentation says that an empty list replaces the needs of the job; its
            // code keeps them.
            if (!expanded.needs.empty()) {
                planned.needs = std::move(expanded.needs);
                planned.has_needs = true;
            }
        }
        return std::optional(std::move(planned));
    }

    const Configuration& configuration_;
    const ParallelNames& parallel_;
    const CreateRequest& request_;
    rules::ExpressionCache expressions_;
    variables::Collection root_;
    std::size_t variables_ = 0;
    std::vector<Seed> seeds_;  ///< of the stages that have jobs
    std::string hidden_;       ///< the first problem of a stage that was dropped
    Pipeline pipeline_;
};

}  // namespace

Pipeline create_pipeline(const Configuration& configuration, const ParallelNames& parallel,
                         const CreateRequest& request) {
    return PipelineCreation(configuration, parallel, request).run();
}

}  // namespace runner::pipeline::plan
