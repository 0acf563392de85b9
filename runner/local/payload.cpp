#include "runner/local/payload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/digest.hpp"
#include "base/strings.hpp"
#include "runner/pipeline/durations.hpp"
#include "runner/pipeline/glob/path_glob.hpp"
#include "runner/pipeline/variables/expand.hpp"
#include "runner/pipeline/variables/slug.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::local {

namespace gitlab = protocol::gitlab;
using pipeline::plan::Job;
using pipeline::plan::PlannedJob;
using pipeline::variables::Collection;
using pipeline::yaml::Value;

namespace {

constexpr const char* kNoCommit = "0000000000000000000000000000000000000000";

std::string text_of(const Value* value) {
    return value == nullptr ? std::string() : value->to_text();
}

/// A scalar, or the scalars of a list.
std::vector<std::string> texts_of(const Value* value) {
    if (value == nullptr) return {};
    if (!value->is_list()) return {value->to_text()};
    std::vector<std::string> texts;
    for (const Value& item : value->items()) texts.push_back(item.to_text());
    return texts;
}

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

/// The directory that a pages job publishes; "" when it is none.
std::string published_by(const Job& job) {
    const Value* pages = job.value.given("pages");
    const bool is_pages =
        pages != nullptr ? !pages->is_bool() || pages->as_bool() : job.name == "pages";
    if (!is_pages) return {};
    const Value* publish = pages == nullptr ? nullptr : pages->given("publish");
    if (publish == nullptr) publish = job.value.given("publish");
    return publish == nullptr ? "public" : publish->to_text();
}

gitlab::Artifact archive_of(const Job& job) {
    gitlab::Artifact archive;
    archive.artifact_type = "archive";
    archive.artifact_format = "zip";
    archive.when = "on_success";
    if (const Value* written = job.value.given("artifacts")) {
        archive.paths = texts_of(written->given("paths"));
        archive.exclude = texts_of(written->given("exclude"));
        archive.name = text_of(written->given("name"));
        archive.expire_in = text_of(written->given("expire_in"));
        const Value* untracked = written->given("untracked");
        archive.untracked = untracked != nullptr && untracked->is_true();
        if (const Value* when = written->given("when")) archive.when = when->to_text();
    }
    const std::string published = published_by(job);
    const bool there =
        std::find(archive.paths.begin(), archive.paths.end(), published) != archive.paths.end();
    if (!published.empty() && !there) archive.paths.push_back(published);
    return archive;
}

std::vector<gitlab::Artifact> artifacts_of(const Job& job) {
    std::vector<gitlab::Artifact> all;
    gitlab::Artifact archive = archive_of(job);
    if (!archive.paths.empty() || archive.untracked) all.push_back(std::move(archive));
    auto dotenv = report_paths(job, "dotenv");
    if (!dotenv.empty()) {
        gitlab::Artifact report;
        report.paths = std::move(dotenv);
        report.name = ".env";
        report.artifact_type = "dotenv";
        report.artifact_format = "gzip";
        report.when = "always";
        all.push_back(std::move(report));
    }
    return all;
}

/// The content of the files decides (ci-yaml.md §2.11); what is not committed counts as well.
std::string key_by_files(const Value& key, const JobRequest& request) {
    const Value* named = key.given("files");
    if (named == nullptr) named = key.given("files_commits");
    std::set<std::string> ids;
    for (const std::string& pattern : texts_of(named)) {
        const pipeline::glob::PathGlob glob(pattern);
        if (request.files == nullptr) break;
        for (const std::string& path : *request.files) {
            if (glob.matches(path)) ids.insert(request.blob_id(path));
        }
    }
    ids.erase("");
    const std::string joined = base::join(std::vector<std::string>(ids.begin(), ids.end()), "-");
    const std::string hash = ids.empty() ? "default" : base::sha1_hex(joined);
    const Value* prefix = key.given("prefix");
    return prefix == nullptr ? hash : prefix->to_text() + "-" + hash;
}

void collect_caches(const Value& value, const JobRequest& request,
                    std::vector<gitlab::Cache>& caches) {
    if (value.is_list()) {
        for (const Value& item : value.items()) collect_caches(item, request, caches);
        return;
    }
    if (!value.is_map()) return;
    gitlab::Cache cache;
    const Value* key = value.given("key");
    cache.key = key == nullptr  ? "default"
                : key->is_map() ? key_by_files(*key, request)
                                : key->to_text();
    cache.fallback_keys = texts_of(value.given("fallback_keys"));
    cache.paths = texts_of(value.given("paths"));
    const Value* untracked = value.given("untracked");
    cache.untracked = untracked != nullptr && untracked->is_true();
    cache.policy = text_of(value.given("policy"));
    cache.when = text_of(value.given("when"));
    if (!cache.paths.empty() || cache.untracked) caches.push_back(std::move(cache));
}

/// A list as GitLab writes it. The runner has the tags that the job asks for: it took the job.
std::string tags_of(const Job& job) {
    std::vector<std::string> quoted;
    for (const std::string& tag : texts_of(job.value.given("tags")))
        quoted.push_back("\"" + tag + "\"");
    return "[" + base::join(quoted, ", ") + "]";
}

Collection job_variables(const JobRequest& request) {
    const Job& job = *request.planned->job;
    const std::string project_url(
        request.pipeline->predefined.value("CI_PROJECT_URL").value_or(""));
    Collection own = pipeline::plan::predefined_of(job);
    own.set("CI_JOB_ID", std::to_string(request.id));
    own.set("CI_JOB_URL", fmt::format("{}/-/jobs/{}", project_url, request.id));
    own.set("CI_JOB_STARTED_AT", request.started_at);
    own.set("CI_REPOSITORY_URL", project_url + ".git");
    own.set("CI_RUNNER_ID", "1");
    own.set("CI_RUNNER_DESCRIPTION", "runner exec");
    own.set("CI_RUNNER_TAGS", tags_of(job));
    own.set({.key = "CI_JOB_TOKEN",
             .value = request.token.reveal(),
             .masked = true,
             .is_public = false});
    return own;
}

Collection variables_of(const JobRequest& request) {
    Collection all = pipeline_variables(*request.pipeline);
    all.merge(job_variables(request));
    all = known_to(*request.planned, all, request.inherited, request.pipeline->given);
    auto sorted = pipeline::variables::sort_and_expand(all);
    return std::move(sorted.variables);
}

gitlab::GitInfo git_info_of(const JobRequest& request, const Collection& variables) {
    const PipelineFacts& facts = *request.pipeline;
    gitlab::GitInfo git;
    git.repo_url = std::string(variables.value("CI_PROJECT_URL").value_or("")) + ".git";
    git.ref = facts.ref;
    git.ref_type = facts.is_tag ? "tag" : "branch";
    git.sha = facts.sha.empty() ? kNoCommit : facts.sha;
    git.before_sha = facts.before_sha.empty() ? kNoCommit : facts.before_sha;
    git.is_protected = false;
    return git;
}

/// Job inputs have their defaults here: nobody is asked for others.
void add_inputs(const Job& job, gitlab::JobPayload& payload) {
    const Value* inputs = job.value.given("inputs");
    if (inputs == nullptr || !inputs->is_map()) return;
    for (const auto& [name, input] : inputs->entries()) {
        const Value* otherwise = input.given("default");
        if (otherwise == nullptr) {
            payload.has_inputs = true;
            continue;
        }
        const bool scalar = !otherwise->is_list() && !otherwise->is_map();
        payload.inputs.push_back(
            {.key = name.to_text(),
             .text = scalar ? otherwise->to_text() : pipeline::yaml::to_json(*otherwise)});
    }
}

/// Where a need of another pipeline points to: "job build of project a/b".
std::string place_of(const Value& need) {
    std::string text;
    if (const Value* job = need.given("job")) text = "job " + job->to_text() + " of ";
    const bool in_project = need.given("project") != nullptr;
    const char* key = in_project ? "project" : "pipeline";
    text += std::string(key) + " " + text_of(need.given(key));
    if (const Value* ref = need.given("ref")) text += " (" + ref->to_text() + ")";
    return text;
}

gitlab::JobInfo job_info_of(const JobRequest& request, const Collection& variables) {
    gitlab::JobInfo info;
    info.name = request.planned->job->name;
    info.stage = request.planned->job->stage;
    info.pipeline_id = request.pipeline->id;
    info.project_id = request.pipeline->project_id;
    info.project_name = variables.value("CI_PROJECT_NAME").value_or("");
    info.project_full_path = variables.value("CI_PROJECT_PATH").value_or("");
    return info;
}

}  // namespace

Collection pipeline_variables(const PipelineFacts& facts) {
    Collection all = facts.predefined;
    const std::string project_url(all.value("CI_PROJECT_URL").value_or(""));
    all.set("CI_PIPELINE_ID", std::to_string(facts.id));
    all.set("CI_PIPELINE_URL", fmt::format("{}/-/pipelines/{}", project_url, facts.id));
    return all;
}

Collection known_to(const PlannedJob& planned, const Collection& predefined,
                    const std::vector<pipeline::variables::Variable>& inherited,
                    const Collection& given) {
    Collection all = predefined;
    all.merge(pipeline::plan::predefined_of(*planned.job));
    Collection own = planned.variables;
    for (const auto& variable : inherited) own.set(variable);
    own.merge(given);
    Collection known = all;
    known.merge(own);
    all.merge(pipeline::plan::environment_variables(*planned.job, known));
    all.merge(own);
    return all;
}

std::vector<std::string> report_paths(const Job& job, const std::string& type) {
    const Value* artifacts = job.value.given("artifacts");
    const Value* reports = artifacts == nullptr ? nullptr : artifacts->given("reports");
    return reports == nullptr ? std::vector<std::string>() : texts_of(reports->given(type));
}

gitlab::JobPayload make_payload(const JobRequest& request) {
    const Job& job = *request.planned->job;
    const Collection variables = variables_of(request);
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
    if (const Value* cache = job.value.given("cache"))
        collect_caches(*cache, request, payload.cache);
    payload.dependencies = request.dependencies;
    if (const Value* hooks = job.value.given("hooks")) {
        auto lines = pipeline::plan::script_lines(hooks->given("pre_get_sources_script"));
        if (!lines.empty()) payload.hooks.push_back({"pre_get_sources_script", std::move(lines)});
    }
    if (const Value* run = job.value.given("run")) payload.run = pipeline::yaml::to_json(*run);
    if (const Value* secrets = job.value.given("secrets")) {
        // A secret whose value was given for this run needs no vault.
        for (const auto& [name, unused] : secrets->entries()) {
            payload.has_secrets =
                payload.has_secrets || !request.pipeline->given.find(name.to_text());
        }
    }
    add_inputs(job, payload);
    return payload;
}

std::vector<std::string> server_only(const PlannedJob& planned) {
    const Job& job = *planned.job;
    std::vector<std::string> sentences;
    if (const Value* tokens = job.value.given("id_tokens"); tokens != nullptr && tokens->is_map()) {
        std::vector<std::string> names;
        for (const auto& [name, unused] : tokens->entries()) names.push_back(name.to_text());
        sentences.push_back(
            fmt::format("id_tokens are signed by GitLab: {} not set here unless given with "
                        "--var or --variables-file",
                        base::join(names, ", ") + (names.size() == 1 ? " is" : " are")));
    }
    if (job.value.given("release") != nullptr) {
        sentences.emplace_back("release: no release is made from here; the script runs");
    }
    if (!job.other_needs.empty()) {
        std::vector<std::string> places;
        for (const Value& need : job.other_needs) places.push_back(place_of(need));
        sentences.push_back("needs: artifacts of other pipelines are not downloaded here: " +
                            base::join(places, ", "));
    }
    const Value* artifacts = job.value.given("artifacts");
    const Value* reports = artifacts == nullptr ? nullptr : artifacts->given("reports");
    if (reports != nullptr && reports->is_map()) {
        std::vector<std::string> types;
        for (const auto& [type, unused] : reports->entries()) {
            if (!type.is_text("dotenv")) types.push_back(type.to_text());
        }
        if (!types.empty()) {
            sentences.push_back("artifacts:reports are evaluated by GitLab only: " +
                                base::join(types, ", "));
        }
    }
    return sentences;
}

}  // namespace runner::local
