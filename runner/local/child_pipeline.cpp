#include <fmt/format.h>

#include "runner/local/local_pipeline.hpp"
#include "runner/pipeline/variables/expand.hpp"
#include "runner/pipeline/yaml/print.hpp"

/// Bridges: jobs that start another pipeline.
namespace runner::local {

using pipeline::state::Status;
using pipeline::yaml::Value;

namespace {

constexpr int kDeepestChild = 2;

bool is_on(const Value* forward, const char* key, bool otherwise) {
    const Value* flag = forward == nullptr ? nullptr : forward->given(key);
    return flag == nullptr ? otherwise : flag->is_true();
}

std::string state_of_child(Status child) {
    if (child == Status::kSuccess) return {};
    if (child == Status::kManual) return "its child pipeline waits for a manual job";
    return "the child pipeline's state is " + std::string(to_string(child));
}

/// What a bridge with a strategy becomes when nothing more can run in its child. A child that waits
/// is not at its end: the bridge waits with it.
JobEnd end_of_bridge(Status child) {
    JobEnd end;
    if (child == Status::kCanceled) {
        end.status = Status::kCanceled;
    } else if (!is_complete(child)) {
        end.status = Status::kManual;
    } else if (child == Status::kFailed) {
        end.status = Status::kFailed;
        end.reason = "downstream_pipeline_creation_failed";
    }
    end.note = state_of_child(child);
    return end;
}

JobEnd child_not_created() {
    return {Status::kFailed, "downstream_pipeline_creation_failed", std::nullopt,
            "its child pipeline could not be created"};
}

}  // namespace

bool LocalPipeline::starts_a_child(const pipeline::plan::Job& job) {
    const Value* trigger = job.bridge ? job.value.given("trigger") : nullptr;
    return trigger != nullptr && trigger->given("include") != nullptr;
}

base::Result<LocalPipeline::Description> LocalPipeline::describe_child(std::size_t job) {
    const auto& planned = pipeline_.jobs[job];
    const Value* trigger = planned.job->value.given("trigger");
    Description child;
    pipeline::yaml::Map root;
    root.set(Value::string("include"), with_local_paths(*trigger->given("include")));
    child.load.edition = description_.load.edition;
    child.load.text = pipeline::yaml::to_yaml(Value::map(std::move(root)));
    child.load.name = "child of " + planned.job->name;
    child.prefix = description_.prefix + planned.job->name + " / ";
    child.depth = description_.depth + 1;
    child.facts = description_.facts;
    child.facts.id = workshop_.next_id++;
    child.request = description_.request;
    child.request.pipeline.source = "parent_pipeline";
    auto& predefined = child.request.predefined;
    predefined.set("CI_PIPELINE_SOURCE", "parent_pipeline");
    predefined.set("CI_UPSTREAM_PIPELINE_ID", std::to_string(description_.facts.id));
    predefined.set("CI_UPSTREAM_PROJECT_ID", std::to_string(description_.facts.project_id));
    predefined.set("CI_UPSTREAM_JOB_ID", std::to_string(workshop_.next_id++));
    auto forwarded = forwarded_variables(job);
    if (!forwarded) return forwarded.error();
    child.request.given = std::move(*forwarded);
    return child;
}

/// Expanded with what the bridge sees; those of the pipeline win over reports, and these over the
/// file's.
base::Result<pipeline::variables::Collection> LocalPipeline::forwarded_variables(std::size_t job) {
    const auto& planned = pipeline_.jobs[job];
    const Value* forward = planned.job->value.given("trigger")->given("forward");
    auto inherited = inherited_variables(job);
    if (!inherited) return inherited.error();
    const pipeline::variables::Collection& given = description_.facts.given;
    auto known = pipeline_variables(description_.facts);
    known = known_to(planned, known, *inherited, given);
    pipeline::variables::Collection down;
    const auto add = [&](pipeline::variables::Variable variable) {
        if (!variable.raw) {
            variable.value = pipeline::variables::expand(variable.value, known,
                                                         pipeline::variables::Undefined::kEmpty);
        }
        down.set(std::move(variable));
    };
    if (is_on(forward, "yaml_variables", true)) {
        for (const auto& variable : planned.variables.all()) add(variable);
    }
    if (is_on(forward, "pipeline_variables", false)) {
        for (const auto& variable : *inherited) add(variable);
        down.merge(given);
    }
    return down;
}

/// Files that jobs of this pipeline have made.
base::Task<base::Result<void>> LocalPipeline::add_made_configuration(std::size_t job,
                                                                     ArtifactSource& source) {
    const Value* include = pipeline_.jobs[job].job->value.given("trigger")->given("include");
    for (const ArtifactInclude& wanted : artifact_includes(*include)) {
        std::int64_t maker = 0;
        for (const auto& [position, id] : ids_) {
            if (pipeline_.jobs[position].job->name == wanted.job) maker = id;
        }
        auto reading = workshop_.artifacts.read_member(executor_, maker, wanted.path);
        auto text = co_await std::move(reading);
        if (!text)
            co_return text.error().with_context("include of " + wanted.path + " from the job " +
                                                wanted.job);
        source.add(local_path(wanted), std::move(*text));
    }
    co_return base::Result<void>();
}

base::Task<JobEnd> LocalPipeline::run_child(std::size_t job) {
    if (!starts_a_child(*pipeline_.jobs[job].job)) {
        const bool mirrors = pipeline_.jobs[job].job->value.given("trigger") == nullptr;
        const std::string why =
            fmt::format("it {} a pipeline of another project, which only GitLab can do",
                        mirrors ? "takes over the state of" : "starts");
        warn(job, why);
        co_return JobEnd{Status::kSkipped, {}, std::nullopt, why};
    }
    if (description_.depth >= kDeepestChild) {
        const std::string why = "child pipelines may be nested two levels deep";
        warn(job, why);
        co_return JobEnd{Status::kFailed, "reached_max_descendant_pipelines_depth", std::nullopt,
                         why};
    }
    auto description = describe_child(job);
    if (!description) {
        warn(job, description.error().message);
        co_return child_not_created();
    }
    ArtifactSource source(workshop_.source);
    auto adding = add_made_configuration(job, source);
    auto added = co_await std::move(adding);
    if (!added) {
        warn(job, added.error().message);
        co_return child_not_created();
    }
    auto child =
        std::make_shared<LocalPipeline>(executor_, workshop_, std::move(*description), source);
    auto loaded = child->load();
    if (!loaded) {
        workshop_.display.say(loaded.error().message);
        co_return child_not_created();
    }
    if (pipeline_.jobs[job].job->value.given("trigger")->given("strategy") == nullptr) {
        beside_.spawn("child of " + pipeline_.jobs[job].job->name, run_beside(job, child));
        co_return JobEnd{};  // the child is there: that was all
    }
    auto running = run_to_its_end(child);
    const Status status = co_await std::move(running);
    co_return end_of_bridge(status);
}

base::Task<Status> LocalPipeline::run_to_its_end(std::shared_ptr<LocalPipeline> child) {
    children_.insert(child.get());
    if (stopped_) child->stop();
    auto running = child->run();
    const Status status = co_await std::move(running);
    children_.erase(child.get());
    co_return status;
}

base::Task<void> LocalPipeline::run_beside(std::size_t job, std::shared_ptr<LocalPipeline> child) {
    auto running = run_to_its_end(child);
    const Status status = co_await std::move(running);
    const std::string note = state_of_child(status);
    if (!note.empty()) on_state(job, run_->process().jobs()[job].status, note);
}

}  // namespace runner::local
