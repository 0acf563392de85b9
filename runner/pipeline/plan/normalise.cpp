#include "runner/pipeline/plan/normalise.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runner/pipeline/keywords/job_kind.hpp"
#include "runner/pipeline/plan/needs.hpp"
#include "runner/pipeline/plan/parallel.hpp"
#include "runner/pipeline/yaml/load.hpp"

namespace runner::pipeline::plan {

using yaml::Map;
using yaml::Value;

namespace {

std::vector<std::string> stages_of(const Value& root) {
    const Value* value = root.given("stages");
    std::vector<std::string> stages;
    if (value == nullptr) {
        stages = {"build", "test", "deploy"};
    } else {
        // An empty list means that there are no stages at all, not even .pre and .post.
        if (value->is_list() && value->items().empty()) return stages;
        for (const Value& stage : yaml::flattened(*value)) {
            if (!stage.is_string() || stage.is_text(".pre") || stage.is_text(".post")) continue;
            stages.push_back(stage.as_string());
        }
    }
    stages.insert(stages.begin(), ".pre");
    stages.emplace_back(".post");
    return stages;
}

Value with_defaults(const Value& job, const keywords::Defaults& defaults) {
    Map merged;
    for (const auto& [keyword, value] : defaults.values) {
        if (keyword == "timeout") continue;  // GitLab checks default:timeout, but does not use it
        if (job.given(keyword) == nullptr && keywords::inherits_default(job, keyword)) {
            merged.set(Value::string(keyword), value);
        }
    }
    if (merged.empty()) return job;
    Map all = job.entries();
    for (const auto& [key, value] : merged) all.set(key, value);
    return Value::map(std::move(all), job.mark());
}

/// A Pages job with the directory of the site added to its `artifacts:paths`.
Value with_published_directory(const Value& job) {
    const Value* pages = job.given("pages");
    const Value* directory = pages == nullptr ? nullptr : pages->given("publish");
    if (directory == nullptr) directory = job.given("publish");
    const Value published = directory == nullptr ? Value::string("public") : *directory;
    const Value* artifacts = job.given("artifacts");
    const Value* written = artifacts == nullptr ? nullptr : artifacts->given("paths");
    yaml::List paths = written == nullptr ? yaml::List{} : written->items();
    const bool is_listed = std::any_of(paths.begin(), paths.end(), [&](const Value& path) {
        return path.is_text(published.to_text());
    });
    if (is_listed) return job;
    paths.push_back(published);
    Map changed = artifacts == nullptr ? Map{} : artifacts->entries();
    changed.set(Value::string("paths"), Value::list(std::move(paths)));
    Map all = job.entries();
    all.set(Value::string("artifacts"), Value::map(std::move(changed)));
    return Value::map(std::move(all), job.mark());
}

std::vector<std::int64_t> exit_codes(const Value* allow_failure) {
    std::vector<std::int64_t> codes;
    const Value* value = allow_failure == nullptr ? nullptr : allow_failure->given("exit_codes");
    if (value == nullptr) return codes;
    if (value->is_integer()) codes.push_back(value->as_integer());
    if (value->is_list()) {
        for (const Value& code : value->items()) codes.push_back(code.as_integer());
    }
    return codes;
}

Job job_of(const Value& name, const Value& definition, const keywords::Defaults& defaults) {
    Job job;
    job.name = job.definition = name.as_string();
    job.mark = name.mark();
    job.bridge = keywords::kind_of(name, definition) == keywords::JobKind::kBridge;
    job.value = job.bridge ? definition : with_defaults(definition, defaults);
    if (!job.bridge && keywords::is_pages_job(name, definition)) {
        job.value = with_published_directory(job.value);
    }
    if (const Value* stage = job.value.given("stage")) job.stage = stage->as_string();
    if (const Value* when = job.value.given("when")) {
        job.when = parse_when(when->as_string()).value_or(When::kOnSuccess);
    }
    const Value* allow = job.value.given("allow_failure");
    if (allow != nullptr && allow->is_bool()) job.allow_failure = allow->as_bool();
    if (allow != nullptr && allow->is_map()) {
        job.allow_failure = false;
        job.allowed_exit_codes = exit_codes(allow);
    }
    job.has_needs = job.value.given("needs") != nullptr;
    job.variables = variables_of(job.value.given("variables"));
    return job;
}

/// Jobs in order. A job with the name of an earlier job replaces the earlier one.
class JobList {
  public:
    void add(Job job) {
        const auto [at, added] = index_.try_emplace(job.name, jobs_.size());
        if (added) {
            jobs_.push_back(std::move(job));
        } else {
            jobs_[at->second] = std::move(job);
        }
    }
    std::vector<Job> take() { return std::move(jobs_); }

  private:
    std::vector<Job> jobs_;
    std::unordered_map<std::string, std::size_t> index_;
};

bool is_visible_job(const Value& name, const Value& value) {
    return keywords::is_job_entry(name, value) &&
           keywords::kind_of(name, value) != keywords::JobKind::kHidden;
}

std::vector<std::string> expand_dependencies(const Value& list, const ParallelNames& parallel) {
    std::vector<std::string> names;
    for (const Value& item : list.items()) {
        const auto instances = parallel.find(item.as_string());
        if (instances == parallel.end()) {
            names.push_back(item.as_string());
        } else {
            names.insert(names.end(), instances->second.begin(), instances->second.end());
        }
    }
    return names;
}

/// Fills the needs and dependencies of a job.
std::optional<Problem> link(Job& job, const ParallelNames& parallel,
                            const std::vector<std::pair<std::string, std::string>>& matrix) {
    if (const Value* needs = job.value.given("needs")) {
        Checked<Value> filled = *needs;
        if (job.node_index > 0) filled = interpolate_matrix(job.definition, *needs, matrix);
        if (!filled) return filled.error();
        ExpandedNeeds expanded = expand_needs(*filled, parallel);
        job.needs = std::move(expanded.needs);
        job.other_needs = std::move(expanded.others);
    }
    if (const Value* dependencies = job.value.given("dependencies")) {
        job.dependencies = expand_dependencies(*dependencies, parallel);
    }
    return std::nullopt;
}

/// Limits the memory of all jobs. A small file can have many parallel jobs, jobs with large
/// defaults, and jobs that need many parallel jobs.
class SizeLimit {
  public:
    std::optional<Problem> add(const Job& job, std::size_t instances) {
        jobs_ += instances;
        nodes_ += instances * job.value.weight();
        if (jobs_ > kMostJobs) {
            return Problem{
                fmt::format("Pipeline has too many jobs! Requested {}, but the limit is {}.", jobs_,
                            kMostJobs),
                job.mark};
        }
        if (nodes_ > kMostNodes) return too_big(job);
        return std::nullopt;
    }
    std::optional<Problem> add_links(const Job& job) {
        links_ += job.needs.size() + (job.dependencies ? job.dependencies->size() : 0);
        if (links_ <= kMostLinks) return std::nullopt;
        if (job.needs.size() > kMostNeeds) {
            return too_many_needs(job.name, job.needs.size(), job.mark);
        }
        return too_big(job);
    }

  private:
    static constexpr std::size_t kMostJobs = 100'000;
    static constexpr std::uint64_t kMostNodes = 4'000'000;
    static constexpr std::size_t kMostLinks = 2'000'000;

    static Problem too_big(const Job& job) { return {std::string(yaml::kTooBig), job.mark}; }

    std::size_t jobs_ = 0;
    std::uint64_t nodes_ = 0;
    std::size_t links_ = 0;
};

std::vector<Instance> instances_of(const Value& job) {
    const Value* parallel = job.given("parallel");
    return parallel == nullptr ? std::vector<Instance>(1) : expand_parallel(*parallel);
}

Job instance_of(const Job& base, const Instance& instance) {
    Job job = base;
    job.name += instance.suffix;
    job.node_index = instance.index;
    job.node_total = instance.total;
    for (const auto& [key, text] : instance.variables) job.variables.set(key, text);
    return job;
}

ParallelNames parallel_names(const Value& root) {
    ParallelNames names;
    for (const auto& [name, value] : root.entries()) {
        if (!is_visible_job(name, value) || !name.is_string()) continue;
        const Value* parallel = value.given("parallel");
        if (parallel == nullptr) continue;
        auto& list = names[name.as_string()];
        for (const Instance& instance : expand_parallel(*parallel)) {
            list.push_back(name.as_string() + instance.suffix);
        }
    }
    return names;
}

}  // namespace

Checked<Normalised> normalise(const Value& root, const keywords::Defaults& defaults) {
    Normalised result;
    Configuration& configuration = result.configuration;
    configuration.stages = stages_of(root);
    configuration.variables = variables_of(root.given("variables"));
    const Value* workflow = root.given("workflow");
    if (workflow != nullptr && !keywords::looks_like_job(*workflow)) {
        configuration.workflow = *workflow;
    }
    SizeLimit size;
    for (const auto& [name, value] : root.entries()) {
        if (!is_visible_job(name, value)) continue;
        const Value* parallel = value.given("parallel");
        const std::size_t instances = parallel == nullptr ? 1 : count_parallel(*parallel);
        if (auto problem = size.add(job_of(name, value, defaults), instances)) return *problem;
    }
    result.parallel = parallel_names(root);
    JobList jobs;
    for (const auto& [name, value] : root.entries()) {
        if (!is_visible_job(name, value)) continue;
        const Job base = job_of(name, value, defaults);
        for (const Instance& instance : instances_of(value)) {
            Job job = instance_of(base, instance);
            if (auto problem = link(job, result.parallel, instance.variables)) return *problem;
            if (auto problem = size.add_links(job)) return *problem;
            jobs.add(std::move(job));
        }
    }
    configuration.jobs = jobs.take();
    configuration.index();
    return result;
}

}  // namespace runner::pipeline::plan
