#include "runner/job/job_environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <climits>
#include <filesystem>

#include "base/duration.hpp"
#include "base/parse.hpp"
#include "base/strings.hpp"
#include "runner/journal/volume_names.hpp"
#include "runner/script/git_strategy.hpp"
#include "runner/script/repository_url.hpp"
#include "runner/script/service_environment.hpp"
#include "runner/script/shells.hpp"

namespace runner::job {

using protocol::gitlab::Image;
using protocol::gitlab::JobPayload;

namespace {

constexpr std::size_t kMaxNameLength = 63;
constexpr std::string_view kLabelPrefix = "com.gitlab.gitlab-runner.";

std::string slug_of(const JobPayload& payload) {
    std::string slug = script::project_slug(payload.git_info.repo_url);
    return slug.empty() ? "project-" + std::to_string(payload.job_info.project_id) : slug;
}

std::string normal_path(const std::string& path) {
    std::string normal = std::filesystem::path(path).lexically_normal().string();
    while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
    return normal;
}

/// A bind of the host's directory makes the builds directory shared between jobs. As officially,
/// the bind may name it by variables.
bool builds_are_bound(const config::RunnerConfig& runner, const std::string& builds,
                      const script::Variables& variables) {
    script::TextExpander texts(variables);
    return std::any_of(
        runner.docker.volumes.begin(), runner.docker.volumes.end(), [&](const std::string& volume) {
            const auto parts = base::split(volume, ':');
            if (parts.size() < 2 || !parts[0].starts_with('/')) return false;
            return normal_path(texts.expand_name("volumes", parts[1])) == normal_path(builds);
        });
}

bool lies_within(const std::filesystem::path& inner, const std::filesystem::path& outer) {
    const auto relative = inner.lexically_normal().lexically_relative(outer.lexically_normal());
    return !relative.empty() && *relative.begin() != ".." && relative != ".";
}

/// The directories of all builds and of all caches.
base::Result<void> root_directories(const config::RunnerConfig& runner,
                                    const std::string& working_dir, const DirectoryWishes& wishes,
                                    Directories& out) {
    out.builds = wishes.builds.value_or(runner.builds_dir);
    out.cache = wishes.cache.value_or(runner.cache_dir);
    const auto kind = runner.executor_kind();
    if (kind && executors::traits_of(*kind).has_driver) {
        const std::string_view missing = out.builds.empty()  ? "builds_dir"
                                         : out.cache.empty() ? "cache_dir"
                                                             : "";
        if (missing.empty() || wishes.open) return {};
        return base::make_error(base::ErrorKind::kConfiguration,
                                fmt::format("the {} is not configured", missing));
    }
    const std::string root = runner.shared_host() ? working_dir : std::string();
    if (out.builds.empty()) out.builds = root + "/builds";
    if (out.cache.empty()) out.cache = root + "/cache";
    return {};
}

executors::ImageSpec image_spec(std::string_view field, const Image& image,
                                script::TextExpander& texts) {
    executors::ImageSpec spec;
    spec.name = texts.expand_name(field, image.name);
    spec.entrypoint = image.entrypoint;
    spec.pull_policies = image.pull_policy;
    spec.platform = texts.expand_name("docker:platform", image.docker_platform);
    spec.user = texts.expand_name("docker:user", image.docker_user);
    return spec;
}

std::vector<std::string> split_aliases(const std::string& text) {
    std::string spaced = text;
    std::replace(spaced.begin(), spaced.end(), ',', ' ');
    std::vector<std::string> aliases;
    for (const std::string& part : base::split(spaced, ' ')) {
        if (!part.empty()) aliases.push_back(part);
    }
    return aliases;
}

/// What the services of one job have in common.
struct ServiceContext {
    const script::Variables& variables;
    const std::vector<executors::EnvironmentVariable>& job_environment;
    script::TextExpander& texts;

    [[nodiscard]] std::vector<executors::EnvironmentVariable> environment(
        const std::vector<protocol::gitlab::Variable>& own) const {
        return script::service_environment(job_environment, own, variables, texts);
    }
};

executors::ServiceSpec service_spec(const Image& service, const ServiceContext& context) {
    executors::ServiceSpec spec;
    spec.image = image_spec("services", service, context.texts);
    spec.aliases = split_aliases(context.texts.expand_name("services:alias", service.alias));
    spec.command = service.command;
    spec.environment = context.environment(service.variables);
    return spec;
}

executors::ServiceSpec configured_service(const executors::docker::ConfiguredService& service,
                                          const ServiceContext& context) {
    executors::ServiceSpec spec;
    spec.from_configuration = true;
    spec.image.name = context.texts.expand_name("services", service.name);
    if (!service.entrypoint.empty()) spec.image.entrypoint = service.entrypoint;
    spec.aliases = split_aliases(context.texts.expand_name("services:alias", service.alias));
    spec.command = service.command;
    std::vector<protocol::gitlab::Variable> own;
    for (const std::string& entry : service.environment) {
        const auto at = entry.find('=');
        if (at == std::string::npos) continue;
        own.push_back({.key = entry.substr(0, at), .value = entry.substr(at + 1)});
    }
    spec.environment = context.environment(own);
    return spec;
}

std::map<std::string, std::string> labels(const JobPayload& payload,
                                          const config::RunnerConfig& runner,
                                          const script::Variables& variables,
                                          script::TextExpander& texts, const std::string& system_id,
                                          const std::string& short_token) {
    const std::map<std::string_view, std::string> ours{
        {"job.id", std::to_string(payload.id)},
        {"job.url", variables.get("CI_JOB_URL")},
        {"job.sha", payload.git_info.sha},
        {"job.before_sha", payload.git_info.before_sha},
        {"job.ref", payload.git_info.ref},
        {"job.timeout", base::format_go_duration(std::chrono::seconds(payload.timeout_seconds))},
        {"project.id", std::to_string(payload.job_info.project_id)},
        {"project.runner_id", variables.get("CI_CONCURRENT_PROJECT_ID")},
        {"pipeline.id", std::to_string(payload.job_info.pipeline_id)},
        {"runner.id", short_token},
        {"runner.local_id", variables.get("CI_CONCURRENT_ID")},
        {"runner.system_id", system_id},
        {"managed", "true"}};
    std::map<std::string, std::string> all;
    for (const auto& [name, value] : runner.docker.container_labels) {
        all[name] = texts.expand_name("container_labels", value);
    }
    for (const auto& [name, value] : ours)
        all[std::string(kLabelPrefix) + std::string(name)] = value;
    return all;
}

/// Destinations alone have variables: what lies on the engine's machine is not the job's choice.
std::map<std::string, std::string> volume_destinations(const config::RunnerConfig& runner,
                                                       script::TextExpander& texts) {
    std::map<std::string, std::string> found;
    for (const std::string& volume : runner.docker.volumes) {
        const auto parts = base::split(volume, ':');
        const std::string& destination = parts.size() > 1 ? parts[1] : parts[0];
        if (destination.find('$') == std::string::npos) continue;
        found[destination] = texts.expand_name("volumes", destination);
    }
    return found;
}

/// What decides where docker clients and buildx look.
std::vector<executors::EnvironmentVariable> client_environment(const script::Variables& variables) {
    constexpr std::array<const char*, 10> kNames{"DOCKER_HOST",       "DOCKER_TLS_CERTDIR",
                                                 "DOCKER_TLS_VERIFY", "DOCKER_TLS",
                                                 "DOCKER_CERT_PATH",  "DOCKER_CONTEXT",
                                                 "DOCKER_CONFIG",     "BUILDX_CONFIG",
                                                 "BUILDX_BUILDER",    "HOME"};
    std::vector<executors::EnvironmentVariable> found;
    for (const char* name : kNames) {
        if (variables.has(name)) found.push_back({name, variables.get(name)});
    }
    return found;
}

/// In the official words, by which people search.
std::string unsupported_options(const Image& image, std::string_view section) {
    if (image.unsupported_options.empty()) return {};
    const std::string& first = image.unsupported_options.front();
    const std::string executor = first.substr(0, first.find('.'));
    if (executor == first) {
        return fmt::format(
            "Unsupported \"{}\" options [{}] for \"executor_opts\"; supported options are "
            "[docker kubernetes]",
            section, first);
    }
    std::vector<std::string> names;
    for (const auto& option : image.unsupported_options) {
        if (option.starts_with(executor + ".")) names.push_back(option.substr(executor.size() + 1));
    }
    return fmt::format("Unsupported \"{}\" options [{}] for \"{}\"; supported options are [{}]",
                       section, base::join(names, " "), executor,
                       executor == "docker" ? "platform user" : "user");
}

/// Why CI steps (`run:`) cannot be run: replace_run_by_a_script() has left them, because the job
/// has a script or the variable STEPS, too.
std::string run_problem(const JobPayload& payload) {
    for (const auto& step : payload.steps) {
        if (step.name == "script" && !step.script.empty())
            return "`run:` and `script:` exclude each other";
    }
    return "`run:` and the variable STEPS exclude each other";
}

}  // namespace

base::Result<Directories> job_directories(const JobPayload& payload,
                                          const config::RunnerConfig& runner,
                                          script::Variables& variables,
                                          const journal::JobRecord& record,
                                          const std::string& working_dir,
                                          const DirectoryWishes& wishes) {
    Directories out;
    if (auto configured = root_directories(runner, working_dir, wishes, out); !configured)
        return configured.error();
    out.project = out.builds;
    if (runner.shared_host() || wishes.builds_are_shared ||
        builds_are_bound(runner, out.builds, variables)) {
        out.project += fmt::format("/{}/{}", record.short_token, record.slot.concurrent_project_id);
    }
    out.slug = slug_of(payload);
    out.project += "/" + out.slug;

    // GIT_CLONE_PATH may name them.
    variables.set_directories(out);
    if (const std::string wish = variables.get("GIT_CLONE_PATH"); !wish.empty() && !wishes.open) {
        if (!runner.custom_build_dir_enabled.value_or(!runner.shared_environment())) {
            return base::make_error(base::ErrorKind::kConfiguration,
                                    "setting GIT_CLONE_PATH is not allowed, enable "
                                    "`custom_build_dir` feature");
        }
        if (wish.size() >= PATH_MAX) {
            return base::make_error(
                base::ErrorKind::kConfiguration,
                fmt::format("GIT_CLONE_PATH has {} bytes, and a path may have {}", wish.size(),
                            PATH_MAX - 1));
        }
        if (!lies_within(wish, out.builds)) {
            return base::make_error(
                base::ErrorKind::kConfiguration,
                fmt::format("the GIT_CLONE_PATH=\"{}\" has to be within \"{}\"", wish, out.builds));
        }
        out.project = std::filesystem::path(wish).lexically_normal().string();
    }
    if (variables.get("GIT_STRATEGY") == "empty") out.project += "-empty";
    out.tmp = out.project + ".tmp";
    variables.set_directories(out);
    return out;
}

executors::EngineDataWish engine_data_wish(const std::string& text) {
    using executors::EngineDataWish;
    if (text.empty() || text == "project") return EngineDataWish::kConfigured;
    return text == "none" ? EngineDataWish::kNone : EngineDataWish::kUnknown;
}

std::string base_name(const std::string& short_token, std::int64_t project_id, int concurrent_id) {
    const std::string raw = base::to_lower(
        fmt::format("runner-{}-project-{}-concurrent-{}", short_token, project_id, concurrent_id));
    std::string name;
    for (const char c : raw) {
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-') name += c;
    }
    return name.substr(0, kMaxNameLength);
}

executors::JobEnvironment make_environment(
    const JobPayload& payload, const config::RunnerConfig& runner,
    const script::Variables& variables, script::TextExpander& texts, const Directories& directories,
    const std::string& system_id, const std::string& short_token, journal::Slot slot) {
    executors::JobEnvironment env;
    env.job_id = payload.id;
    env.project_id = payload.job_info.project_id;
    env.base_name = base_name(short_token, env.project_id, slot.concurrent_id);
    env.labels = labels(payload, runner, variables, texts, system_id, short_token);
    if (payload.image && !payload.image->name.empty()) {
        env.image = image_spec("image", *payload.image, texts);
    }
    env.default_image = texts.expand_name("image", runner.docker.image);
    env.volume_destinations = volume_destinations(runner, texts);
    env.environment = variables.public_environment();
    const ServiceContext services{variables, env.environment, texts};
    for (const auto& service : runner.docker.services) {
        env.services.push_back(configured_service(service, services));
    }
    for (const auto& service : payload.services) {
        env.services.push_back(service_spec(service, services));
    }
    env.builds_dir = directories.builds;
    env.project_dir = directories.project;
    env.tmp_dir = directories.tmp;
    env.client_environment = client_environment(variables);
    env.docker_auth_config = variables.content("DOCKER_AUTH_CONFIG");
    for (const auto& credential : payload.credentials) {
        if (credential.type != "registry") continue;
        env.credentials.push_back({credential.url, credential.username, credential.password});
    }
    env.volume_prefix = journal::volume_prefix(config::runner_identity(runner), system_id,
                                               env.project_id, slot.concurrent_project_id);
    env.protected_ref = is_protected(payload);
    env.keep_builds_volume = variables.get("GIT_STRATEGY") == "fetch" ||
                             (variables.get("GIT_STRATEGY").empty() && payload.allow_git_fetch);
    env.engine_data = engine_data_wish(variables.get("RUNNER_DIND_PERSIST"));
    env.network_per_build = variables.feature("FF_NETWORK_PER_BUILD");
    env.init_process = variables.feature("FF_USE_INIT_WITH_DOCKER_EXECUTOR");
    env.debug_services = base::parse_bool(variables.get("CI_DEBUG_SERVICES")).value_or(false) &&
                         !runner.debug_trace_disabled;
    return env;
}

/// GitLab's own variables come first in the payload: a later one of the same name is the job's.
bool is_protected(const JobPayload& payload) {
    const auto keeps_protected = [](const auto& cache) {
        return cache.key.ends_with("-protected");
    };
    if (std::any_of(payload.cache.begin(), payload.cache.end(), keeps_protected)) return true;
    if (payload.git_info.is_protected) return *payload.git_info.is_protected;
    const auto& variables = payload.variables;
    const auto first = std::find_if(variables.begin(), variables.end(), [](const auto& variable) {
        return variable.key == "CI_COMMIT_REF_PROTECTED";
    });
    return first != variables.end() && base::parse_bool(first->value).value_or(false);
}

bool needs_git(const JobPayload& payload, const script::Variables& variables, bool fetched) {
    if (script::brings_sources(script::git_strategy(variables, payload.allow_git_fetch)) &&
        (fetched || !payload.hooks.empty())) {
        return true;
    }
    const auto is_untracked = [](const auto& files) { return files.untracked; };
    return std::any_of(payload.artifacts.begin(), payload.artifacts.end(), is_untracked) ||
           std::any_of(payload.cache.begin(), payload.cache.end(), is_untracked);
}

std::string unsupported_reason(const JobPayload& payload, const config::RunnerConfig& runner) {
    if (!script::is_known_shell(runner.shell)) {
        return fmt::format(
            "shell \"{}\" in this runner's configuration is not one that it can use: "
            "set it to \"bash\" or \"sh\"",
            runner.shell);
    }
    if (payload.image) {
        if (auto text = unsupported_options(*payload.image, "image"); !text.empty()) return text;
    }
    for (const Image& service : payload.services) {
        if (auto text = unsupported_options(service, "services"); !text.empty()) return text;
    }
    if (!payload.run.empty()) return run_problem(payload);
    if (!payload.missing_secrets.empty()) {
        return fmt::format(
            "`secrets:` are fetched with an identity that only GitLab signs: give {} a value for "
            "this run with --var or --variables-file",
            base::join(payload.missing_secrets, ", "));
    }
    if (payload.has_inputs) {
        return "an input of the job has no value: give it a `default`, or one for this run";
    }
    return {};
}

}  // namespace runner::job
