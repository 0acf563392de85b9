#include "runner/local/bridge.hpp"

#include "runner/local/artifact_includes.hpp"
#include "runner/local/payload_variables.hpp"
#include "runner/pipeline/variables/expand.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::local {

using pipeline::plan::PlannedJob;
using pipeline::state::Status;
using pipeline::variables::Collection;
using pipeline::variables::Variable;
using pipeline::yaml::Value;

namespace {

bool is_on(const Value* forward, const char* key, bool otherwise) {
    const Value* flag = forward == nullptr ? nullptr : forward->given(key);
    return flag == nullptr ? otherwise : flag->is_true();
}

Collection forwarded_variables(const PipelineInfo& pipeline, const PlannedJob& bridge,
                               const std::vector<Variable>& inherited) {
    const Value* forward = bridge.job->value.given("trigger")->given("forward");
    const Collection predefined = pipeline_variables(pipeline);
    const Collection known = known_to(bridge, predefined, inherited, pipeline.given);
    Collection down;
    const auto add = [&](Variable variable) {
        if (!variable.raw) {
            variable.value = pipeline::variables::expand(variable.value, known,
                                                         pipeline::variables::Undefined::kEmpty);
        }
        down.set(std::move(variable));
    };
    if (is_on(forward, "yaml_variables", true)) {
        for (const auto& variable : bridge.variables.all()) add(variable);
    }
    if (is_on(forward, "pipeline_variables", false)) {
        for (const auto& variable : inherited) add(variable);
        down.merge(pipeline.given);
    }
    return down;
}

}  // namespace

bool starts_a_child(const pipeline::plan::Job& job) {
    const Value* trigger = job.bridge ? job.value.given("trigger") : nullptr;
    return trigger != nullptr && trigger->given("include") != nullptr;
}

bool waits_for_child(const pipeline::plan::Job& bridge) {
    return bridge.value.given("trigger")->given("strategy") != nullptr;
}

std::string note_of_child(Status child) {
    if (child == Status::kSuccess) return {};
    if (child == Status::kManual) return "its child pipeline waits for a manual job";
    return "the child pipeline's state is " + std::string(to_string(child));
}

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
    end.note = note_of_child(child);
    return end;
}

PipelineDescription describe_child(const PipelineDescription& parent, const PlannedJob& bridge,
                                   const std::vector<Variable>& inherited, ChildIds ids) {
    const Value* trigger = bridge.job->value.given("trigger");
    PipelineDescription child;
    pipeline::yaml::Map root;
    root.set(Value::string("include"), with_local_paths(*trigger->given("include")));
    child.load.edition = parent.load.edition;
    child.load.text = pipeline::yaml::to_yaml(Value::map(std::move(root)));
    child.load.name = "child of " + bridge.job->name;
    child.prefix = parent.prefix + bridge.job->name + " / ";
    child.depth = parent.depth + 1;
    child.info = parent.info;
    child.info.id = ids.pipeline;
    child.request = parent.request;
    child.request.pipeline.source = "parent_pipeline";
    auto& predefined = child.request.predefined;
    predefined.set("CI_PIPELINE_SOURCE", "parent_pipeline");
    predefined.set("CI_UPSTREAM_PIPELINE_ID", std::to_string(parent.info.id));
    predefined.set("CI_UPSTREAM_PROJECT_ID", std::to_string(parent.info.project_id));
    predefined.set("CI_UPSTREAM_JOB_ID", std::to_string(ids.bridge));
    child.request.given = forwarded_variables(parent.info, bridge, inherited);
    return child;
}

}  // namespace runner::local
