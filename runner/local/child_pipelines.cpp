#include "runner/local/child_pipelines.hpp"

#include <fmt/format.h>

#include "runner/local/bridge.hpp"

namespace runner::local {

using pipeline::plan::Job;
using pipeline::state::Status;

namespace {

/// GitLab's limit of levels below the first pipeline (ci-yaml.md §1.4).
constexpr int kDeepestChild = 2;

JobEnd other_project(const Job& bridge) {
    const bool mirrors = bridge.value.given("trigger") == nullptr;
    return {Status::kSkipped,
            {},
            std::nullopt,
            fmt::format("it {} a pipeline of another project, which only GitLab can do",
                        mirrors ? "takes over the state of" : "starts")};
}

JobEnd too_deep() {
    return {Status::kFailed, "reached_max_descendant_pipelines_depth", std::nullopt,
            "child pipelines may be nested two levels deep"};
}

JobEnd child_not_created() {
    return {Status::kFailed, "downstream_pipeline_creation_failed", std::nullopt,
            "its child pipeline could not be created"};
}

}  // namespace

base::Task<JobEnd> ChildPipelines::run(std::size_t position) {
    const Job& bridge = planned_.job(position);
    if (!starts_a_child(bridge)) {
        JobEnd skipped = other_project(bridge);
        rows_.warn(position, skipped.note);
        co_return skipped;
    }
    if (planned_.description.depth >= kDeepestChild) {
        JobEnd refused = too_deep();
        rows_.warn(position, refused.note);
        co_return refused;
    }
    auto creating = create(position);
    auto child = co_await std::move(creating);
    if (child == nullptr) co_return child_not_created();
    if (!waits_for_child(bridge)) {
        unawaited_.spawn("child of " + bridge.name, run_unawaited(position, child));
        co_return JobEnd{};
    }
    auto running = run_to_end(child);
    const Status status = co_await std::move(running);
    co_return end_of_bridge(status);
}

void ChildPipelines::stop_all() {
    stopped_ = true;
    for (ChildPipeline* child : running_) child->stop();
}

base::Task<std::shared_ptr<ChildPipeline>> ChildPipelines::create(std::size_t position) {
    const std::int64_t pipeline_id = environment_.next_id();
    const std::int64_t bridge_id = environment_.next_id();
    auto inherited = results_.inherited_variables(position);
    if (!inherited) {
        rows_.warn(position, inherited.error().message);
        co_return nullptr;
    }
    ArtifactSource source(environment_.source);
    auto adding = add_files_of_jobs(position, source);
    auto added = co_await std::move(adding);
    if (!added) {
        rows_.warn(position, added.error().message);
        co_return nullptr;
    }
    auto description = describe_child(planned_.description, planned_.jobs()[position], *inherited,
                                      ChildIds{pipeline_id, bridge_id});
    auto child = environment_.load(std::move(description), source);
    if (!child) {
        environment_.say(child.error().message);
        co_return nullptr;
    }
    co_return std::move(*child);
}

base::Task<base::Result<void>> ChildPipelines::add_files_of_jobs(std::size_t position,
                                                                 ArtifactSource& source) {
    const auto* trigger = planned_.job(position).value.given("trigger");
    for (const ArtifactInclude& wanted : artifact_includes(*trigger->given("include"))) {
        auto reading = results_.read_file(executor_, wanted.job, wanted.path);
        auto text = co_await std::move(reading);
        if (!text) {
            co_return text.error().with_context("include of " + wanted.path + " from the job " +
                                                wanted.job);
        }
        source.add(local_path(wanted), std::move(*text));
    }
    co_return base::Result<void>();
}

base::Task<Status> ChildPipelines::run_to_end(std::shared_ptr<ChildPipeline> child) {
    running_.insert(child.get());
    if (stopped_) child->stop();
    auto running = child->run();
    const Status status = co_await std::move(running);
    running_.erase(child.get());
    co_return status;
}

base::Task<void> ChildPipelines::run_unawaited(std::size_t position,
                                               std::shared_ptr<ChildPipeline> child) {
    auto running = run_to_end(child);
    const Status status = co_await std::move(running);
    const std::string note = note_of_child(status);
    if (!note.empty()) rows_.note(position, note);
}

}  // namespace runner::local
