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

/// What a bridge becomes when its child has ended; without `strategy` it only starts the child.
JobEnd end_of_bridge(Status child, bool mirrors) {
    JobEnd end;
    if (child == Status::kCanceled) {
        end.status = Status::kCanceled;
    } else if (mirrors && child != Status::kSuccess && child != Status::kSkipped) {
        end.status = Status::kFailed;
        end.reason = "downstream_pipeline_creation_failed";
    }
    if (child != Status::kSuccess)
        end.note = "the child pipeline's state is " + std::string(to_string(child));
    return end;
}

}  // namespace

base::Result<LocalPipeline::Description> LocalPipeline::describe_child(std::size_t job) {
    const auto& planned = pipeline_.jobs[job];
    const Value* trigger = planned.job->value.given("trigger");
    const Value* include = trigger == nullptr ? nullptr : trigger->given("include");
    if (include == nullptr) {
        return base::make_error(
            base::ErrorKind::kConfiguration,
            "it starts a pipeline of another project, which only GitLab can do");
    }
    if (description_.depth >= kDeepestChild) {
        return base::make_error(base::ErrorKind::kInvalidInput,
                                "child pipelines may be nested two levels deep");
    }
    Description child;
    pipeline::yaml::Map root;
    root.set(Value::string("include"), with_local_paths(*include));
    child.load.edition = description_.load.edition;
    child.load.text = pipeline::yaml::to_yaml(Value::map(std::move(root)));
    child.load.name = "child of " + planned.job->name;
    child.prefix = description_.prefix + planned.job->name + " / ";
    child.depth = description_.depth + 1;
    child.facts = description_.facts;
    child.facts.id = workshop_.next_id++;
    child.request = description_.request;
    child.request.subject.source = "parent_pipeline";
    child.request.predefined.set("CI_PIPELINE_SOURCE", "parent_pipeline");
    const Value* forward = trigger->given("forward");
    pipeline::variables::Collection given;
    if (is_on(forward, "pipeline_variables", false)) given = description_.request.given;
    if (is_on(forward, "yaml_variables", true)) {
        pipeline::variables::Collection known = description_.request.predefined;
        known.merge(planned.variables);
        known.merge(description_.request.given);
        for (auto variable : planned.variables.all()) {
            if (!variable.raw) {
                variable.value = pipeline::variables::expand(
                    variable.value, known, pipeline::variables::Undefined::kEmpty);
            }
            given.set(std::move(variable));
        }
    }
    child.request.given = std::move(given);
    return child;
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
    auto description = describe_child(job);
    if (!description) {
        warn(job, description.error().message);
        co_return JobEnd{Status::kSkipped, {}, std::nullopt, description.error().message};
    }
    ArtifactSource source(workshop_.source);
    auto adding = add_made_configuration(job, source);
    auto added = co_await std::move(adding);
    if (!added) {
        warn(job, added.error().message);
        co_return JobEnd{Status::kFailed, "downstream_pipeline_creation_failed", std::nullopt,
                         "its child pipeline could not be created"};
    }
    LocalPipeline child(executor_, workshop_, std::move(*description), source);
    auto loaded = child.load();
    if (!loaded) {
        workshop_.display.say(loaded.error().message);
        co_return JobEnd{Status::kFailed, "downstream_pipeline_creation_failed", std::nullopt,
                         "its child pipeline could not be created"};
    }
    children_.insert(&child);
    if (stopped_) child.stop();
    auto running = child.run();
    const Status status = co_await std::move(running);
    children_.erase(&child);
    const Value* strategy = pipeline_.jobs[job].job->value.given("trigger")->given("strategy");
    co_return end_of_bridge(status, strategy != nullptr);
}

}  // namespace runner::local
