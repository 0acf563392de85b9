#include "protocol/gitlab/payload.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/json.hpp"
#include "base/parse.hpp"
#include "protocol/gitlab/json_reader.hpp"
#include "protocol/gitlab/step_runner.hpp"

namespace protocol::gitlab {

using nlohmann::json;

namespace {

constexpr std::int64_t kDefaultTimeout = 7200;

std::vector<Variable> read_variables(const JsonReader& list) {
    return list.each<Variable>([](const JsonReader& item) {
        Variable variable;
        variable.key = item.text("key");
        variable.value = item.text("value");
        variable.is_public = item.boolean("public");
        variable.masked = item.boolean("masked");
        variable.file = item.boolean("file");
        variable.raw = item.boolean("raw");
        return variable;
    });
}

std::vector<Step> read_steps(const JsonReader& list) {
    return list.each<Step>([](const JsonReader& item) {
        Step step;
        step.name = item.text("name");
        step.script = item.texts("script");
        step.timeout = item.integer("timeout");
        step.when = item.text("when");
        step.allow_failure = item.boolean("allow_failure");
        return step;
    });
}

void read_executor_options(const JsonReader& options, Image& image) {
    for (const std::string& executor : options.keys()) {
        if (executor != "docker" && executor != "kubernetes") {
            image.unsupported_options.push_back(executor);
            continue;
        }
        const JsonReader own = options.object(executor);
        for (const std::string& key : own.keys()) {
            const bool known = key == "user" || (executor == "docker" && key == "platform");
            if (!known) image.unsupported_options.push_back(executor + "." + key);
        }
    }
    const JsonReader docker = options.object("docker");
    image.docker_platform = docker.text("platform");
    image.docker_user = docker.text_or_number("user");
}

std::vector<Port> read_ports(const JsonReader& list) {
    return list.each<Port>([](const JsonReader& item) {
        return Port{item.integer("number"), item.text("protocol"), item.text("name")};
    });
}

Image read_image(const JsonReader& item) {
    Image image;
    image.name = item.text("name");
    if (item.has("entrypoint")) image.entrypoint = item.texts("entrypoint");
    image.command = item.texts("command");
    image.alias = item.text("alias");
    image.pull_policy = item.texts("pull_policy");
    image.variables = read_variables(item.list("variables"));
    image.ports = read_ports(item.list("ports"));
    read_executor_options(item.object("executor_opts"), image);
    return image;
}

std::vector<Artifact> read_artifacts(const JsonReader& list) {
    return list.each<Artifact>([](const JsonReader& item) {
        Artifact artifact;
        artifact.name = item.text("name");
        artifact.untracked = item.boolean("untracked");
        artifact.paths = item.texts("paths");
        artifact.exclude = item.texts("exclude");
        artifact.when = item.text("when");
        artifact.expire_in = item.text("expire_in");
        artifact.artifact_type = item.text("artifact_type");
        artifact.artifact_format = item.text("artifact_format");
        return artifact;
    });
}

std::vector<Cache> read_caches(const JsonReader& list) {
    return list.each<Cache>([](const JsonReader& item) {
        Cache cache;
        cache.key = item.text("key");
        cache.untracked = item.boolean("untracked");
        cache.paths = item.texts("paths");
        cache.policy = item.text("policy");
        cache.when = item.text("when");
        cache.fallback_keys = item.texts("fallback_keys");
        return cache;
    });
}

std::vector<Credential> read_credentials(const JsonReader& list) {
    return list.each<Credential>([](const JsonReader& item) {
        Credential credential;
        credential.type = item.text("type");
        credential.url = item.text("url");
        credential.username = item.text("username");
        credential.password = base::Secret(item.text("password"));
        return credential;
    });
}

std::vector<Dependency> read_dependencies(const JsonReader& list) {
    return list.each<Dependency>([](const JsonReader& item) {
        Dependency dependency;
        dependency.id = item.integer("id");
        dependency.name = item.text("name");
        dependency.token = base::Secret(item.text("token"));
        const JsonReader file = item.object("artifacts_file");
        dependency.artifact_filename = file.text("filename");
        dependency.artifact_size = file.integer("size");
        return dependency;
    });
}

std::vector<Hook> read_hooks(const JsonReader& list) {
    return list.each<Hook>([](const JsonReader& item) {
        return Hook{item.text("name"), item.texts("script")};
    });
}

GitInfo read_git_info(const JsonReader& item) {
    GitInfo git;
    git.repo_url = item.text("repo_url");
    const std::string format = item.text("repo_object_format");
    if (!format.empty()) git.repo_object_format = format;
    git.ref = item.text("ref");
    git.ref_type = item.text("ref_type");
    git.sha = item.text("sha");
    git.before_sha = item.text("before_sha");
    git.refspecs = item.texts("refspecs");
    git.depth = item.integer("depth");
    if (item.has("protected")) git.is_protected = item.boolean("protected");
    return git;
}

JobInfo read_job_info(const JsonReader& item) {
    JobInfo job;
    job.name = item.text("name");
    job.stage = item.text("stage");
    job.pipeline_id = item.integer("pipeline_id");
    job.project_id = item.integer("project_id");
    job.project_name = item.text("project_name");
    job.project_full_path = item.text("project_full_path");
    job.time_in_queue_seconds = item.number("time_in_queue_seconds");
    job.project_jobs_running_on_instance_runners_count =
        item.text_or_number("project_jobs_running_on_instance_runners_count");
    job.queue_size = item.integer("queue_size");
    job.queue_depth = item.integer("queue_depth");
    return job;
}

ServerFeatures read_features(const JsonReader& item) {
    ServerFeatures features;
    features.trace_sections = item.boolean("trace_sections");
    features.token_mask_prefixes = item.texts("token_mask_prefixes");
    features.failure_reasons = item.texts("failure_reasons");
    return features;
}

std::vector<JobInput> read_inputs(const JsonReader& list) {
    return list.each<JobInput>([](const JsonReader& item) {
        const JsonReader value = item.object("value");
        return JobInput{item.text("key"), value.text("type"), value.any_as_json("content"),
                        value.boolean("sensitive")};
    });
}

JobPayload read_payload(const JsonReader& root) {
    JobPayload payload;
    payload.id = root.integer("id");
    payload.token = base::Secret(root.text("token"));
    payload.allow_git_fetch = root.boolean("allow_git_fetch");
    payload.job_info = read_job_info(root.object("job_info"));
    payload.git_info = read_git_info(root.object("git_info"));
    const std::int64_t timeout = root.object("runner_info").integer("timeout");
    payload.timeout_seconds = timeout > 0 ? std::min(timeout, kMaxTimeoutSeconds) : kDefaultTimeout;
    payload.variables = read_variables(root.list("variables"));
    payload.steps = read_steps(root.list("steps"));
    if (root.has("image")) payload.image = read_image(root.object("image"));
    payload.services = root.list("services").each<Image>(read_image);
    payload.artifacts = read_artifacts(root.list("artifacts"));
    payload.cache = read_caches(root.list("cache"));
    payload.credentials = read_credentials(root.list("credentials"));
    payload.dependencies = read_dependencies(root.list("dependencies"));
    payload.features = read_features(root.object("features"));
    payload.hooks = read_hooks(root.list("hooks"));
    payload.run = root.text("run");
    replace_run_by_a_script(payload);
    payload.names_secrets = root.has("secrets");
    payload.secrets = read_secrets(root.object("secrets"));
    payload.inputs = read_inputs(root.list("inputs"));
    return payload;
}

/// Finds id and token among the members of the outermost object, and ends the parsing then.
class IdentityFinder final : public nlohmann::json_sax<json> {
  public:
    [[nodiscard]] std::optional<JobIdentity> found() const {
        if (identity_.id <= 0 || identity_.token.empty()) return std::nullopt;
        return identity_;
    }

    bool start_object(std::size_t) override { return enter(); }
    bool end_object() override { return leave(); }
    bool start_array(std::size_t) override { return enter(); }
    bool end_array() override { return leave(); }
    bool key(std::string& name) override {
        if (depth_ == 1) key_ = name;
        return true;
    }
    bool string(std::string& value) override {
        if (depth_ == 1 && key_ == "token") identity_.token = base::Secret(value);
        return take_id(base::parse_number<std::int64_t>(value).value_or(0));
    }
    bool number_unsigned(std::uint64_t value) override {
        const bool fits = value <= std::numeric_limits<std::int64_t>::max();
        return take_id(fits ? static_cast<std::int64_t>(value) : 0);
    }
    bool number_integer(std::int64_t) override { return true; }  // a negative one
    bool number_float(double value, const std::string&) override {
        constexpr double kExact = 9007199254740992.0;  // 2^53
        const bool fits = value >= 0 && value <= kExact && std::floor(value) == value;
        return take_id(fits ? static_cast<std::int64_t>(value) : 0);
    }
    bool boolean(bool) override { return true; }
    bool null() override { return true; }
    bool binary(nlohmann::json::binary_t&) override { return true; }
    bool parse_error(std::size_t, const std::string&, const json::exception&) override {
        return false;
    }

  private:
    /// Returns false when nothing more is needed.
    bool take_id(std::int64_t value) {
        if (depth_ == 1 && key_ == "id") identity_.id = value;
        return !found();
    }
    bool enter() {
        ++depth_;
        return true;
    }
    bool leave() {
        --depth_;
        return true;
    }

    int depth_ = 0;
    std::string key_;  ///< of the member that is read now
    JobIdentity identity_;
};

}  // namespace

base::Result<JobPayload> decode_payload(const std::string& text) {
    const auto refuse = [](const std::string& why) {
        return base::make_error(base::ErrorKind::kProtocol, "the job's payload" + why);
    };
    if (text.size() > kMaxPayloadBytes) {
        return refuse(" has more than 8 MiB: make its variables and scripts smaller");
    }
    if (base::nests_too_deeply(text)) return refuse(" is nested too deeply");
    const json parsed = base::parse_foreign_json(text);
    if (parsed.is_discarded()) return refuse(" is not JSON");
    std::string problem;
    JobPayload payload = read_payload(JsonReader(parsed, "", problem));
    if (problem.empty() && payload.id <= 0) problem = "`id` is missing";
    if (problem.empty() && payload.token.empty()) problem = "`token` is missing";
    if (problem.empty()) return payload;
    return refuse(": " + problem);
}

std::optional<JobIdentity> decode_identity(const std::string& text) {
    IdentityFinder finder;
    const bool complete = json::sax_parse(text, &finder);
    static_cast<void>(complete);  // it ends when both are found, or where the text was cut
    return finder.found();
}

}  // namespace protocol::gitlab
