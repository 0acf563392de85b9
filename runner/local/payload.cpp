#include "runner/local/payload.hpp"

#include <algorithm>

#include "protocol/gitlab/step_runner.hpp"
#include "runner/local/keyword_values.hpp"
#include "runner/local/payload_files.hpp"
#include "runner/local/payload_variables.hpp"
#include "runner/pipeline/durations.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::local {

namespace gitlab = protocol::gitlab;
using pipeline::plan::Job;
using pipeline::variables::Collection;
using pipeline::yaml::Value;

namespace {

constexpr const char* kNoCommit = "0000000000000000000000000000000000000000";

std::vector<gitlab::Variable> wire_variables(const Collection& collection) {
    std::vector<gitlab::Variable> out;
    for (const auto& variable : collection.all()) {
        out.push_back({.key = variable.key,
                       .value = variable.value,
                       .is_public = variable.is_public,
                       .masked = variable.masked,
                       .file = variable.is_file,
                       .raw = variable.raw});
    }
    return out;
}

gitlab::Image image_of(const Value& value) {
    gitlab::Image image;
    if (!value.is_map()) {
        image.name = value.to_text();
        return image;
    }
    image.name = text_of(value.given("name"));
    if (const Value* entrypoint = value.given("entrypoint"))
        image.entrypoint = texts_of(entrypoint);
    image.command = texts_of(value.given("command"));
    image.alias = text_of(value.given("alias"));
    image.pull_policy = texts_of(value.given("pull_policy"));
    image.variables = wire_variables(pipeline::plan::variables_of(value.given("variables")));
    if (const Value* docker = value.given("docker")) {
        image.docker_platform = text_of(docker->given("platform"));
        image.docker_user = text_of(docker->given("user"));
    }
    return image;
}

void collect_services(const Value& value, std::vector<gitlab::Image>& services) {
    if (value.is_list()) {
        for (const Value& item : value.items()) collect_services(item, services);
    } else if (!value.is_null()) {
        services.push_back(image_of(value));
    }
}

std::chrono::seconds timeout_of(const Job& job, std::chrono::seconds otherwise) {
    const Value* written = job.value.given("timeout");
    if (written == nullptr) return otherwise;
    return pipeline::parse_duration(written->to_text()).value_or(otherwise);
}

std::vector<gitlab::Step> steps_of(const Job& job, std::chrono::seconds timeout) {
    gitlab::Step script{.name = "script",
                        .script = pipeline::plan::script_lines(job.value.given("before_script")),
                        .timeout = timeout.count(),
                        .when = "on_success"};
    const auto lines = pipeline::plan::script_lines(job.value.given("script"));
    script.script.insert(script.script.end(), lines.begin(), lines.end());
    std::vector<gitlab::Step> steps{std::move(script)};
    auto after = pipeline::plan::script_lines(job.value.given("after_script"));
    if (!after.empty()) {
        steps.push_back({.name = "after_script",
                         .script = std::move(after),
                         .timeout = timeout.count(),
                         .when = "always",
                         .allow_failure = true});
    }
    return steps;
}

gitlab::GitInfo git_info_of(const PayloadRequest& request, const Collection& variables) {
    const PipelineInfo& info = *request.pipeline;
    gitlab::GitInfo git;
    git.repo_url = std::string(variables.value("CI_PROJECT_URL").value_or("")) + ".git";
    git.ref = info.ref;
    git.ref_type = info.is_tag ? "tag" : "branch";
    git.sha = info.sha.empty() ? kNoCommit : info.sha;
    git.before_sha = info.before_sha.empty() ? kNoCommit : info.before_sha;
    git.is_protected = false;
    return git;
}

/// Job inputs get their defaults: a local run has no form that asks for other values.
void add_inputs(const Job& job, gitlab::JobPayload& payload) {
    const Value* inputs = job.value.given("inputs");
    if (inputs == nullptr || !inputs->is_map()) return;
    for (const auto& [name, input] : inputs->entries()) {
        const Value* otherwise = input.given("default");
        if (otherwise == nullptr) {
            payload.has_inputs = true;
            continue;
        }
        payload.inputs.push_back(
            {.key = name.to_text(), .type = "", .json = pipeline::yaml::to_json(*otherwise)});
    }
}

gitlab::JobInfo job_info_of(const PayloadRequest& request, const Collection& variables) {
    gitlab::JobInfo info;
    info.name = request.planned->job->name;
    info.stage = request.planned->job->stage;
    info.pipeline_id = request.pipeline->id;
    info.project_id = request.pipeline->project_id;
    info.project_name = variables.value("CI_PROJECT_NAME").value_or("");
    info.project_full_path = variables.value("CI_PROJECT_PATH").value_or("");
    return info;
}

/// The script that runs before get_sources.
void add_hooks(const Job& job, gitlab::JobPayload& payload) {
    const Value* hooks = job.value.given("hooks");
    if (hooks == nullptr) return;
    auto lines = pipeline::plan::script_lines(hooks->given("pre_get_sources_script"));
    if (!lines.empty()) payload.hooks.push_back({"pre_get_sources_script", std::move(lines)});
}

/// The secrets whose values are not given for this run.
std::vector<std::string> missing_secrets(const Job& job, const Collection& given) {
    const Value* secrets = job.value.given("secrets");
    if (secrets == nullptr) return {};
    std::vector<std::string> missing;
    for (const auto& [name, secret] : secrets->entries()) {
        if (!given.find(name.to_text())) missing.push_back(name.to_text());
    }
    return missing;
}

}  // namespace

gitlab::JobPayload make_payload(const PayloadRequest& request) {
    const Job& job = *request.planned->job;
    const Collection variables = payload_variables(request);
    const auto timeout = timeout_of(job, request.pipeline->timeout);
    gitlab::JobPayload payload;
    payload.id = request.id;
    payload.token = request.token;
    payload.job_info = job_info_of(request, variables);
    payload.git_info = git_info_of(request, variables);
    payload.timeout_seconds = timeout.count();
    payload.variables = wire_variables(variables);
    payload.steps = steps_of(job, timeout);
    if (const Value* image = job.value.given("image")) payload.image = image_of(*image);
    if (const Value* services = job.value.given("services"))
        collect_services(*services, payload.services);
    payload.artifacts = artifacts_of(job);
    payload.cache = caches_of(job, request);
    payload.dependencies = request.dependencies;
    add_hooks(job, payload);
    if (const Value* run = job.value.given("run")) payload.run = pipeline::yaml::to_json(*run);
    gitlab::replace_run_by_a_script(payload);
    payload.missing_secrets = missing_secrets(job, request.pipeline->given);
    add_inputs(job, payload);
    return payload;
}

}  // namespace runner::local
