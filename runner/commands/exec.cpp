#include "runner/local/exec.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "base/digest.hpp"
#include "base/parse.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/pipeline_context.hpp"
#include "runner/local/variables_file.hpp"

namespace runner::commands {

namespace {

constexpr const char* kDefaultFile = ".gitlab-ci.yml";
constexpr int kMostConcurrent = 64;
/// No server has to store the log, so its size is not limited.
constexpr std::int64_t kNoLimit = std::int64_t{1} << 40;

/// The settings without --config: images that the machine has are used, others are pulled.
config::RunnerConfig own_runner() {
    config::RunnerConfig runner;
    runner.executor = "docker";
    runner.docker.pull_policy = {"if-not-present"};
    runner.docker.allowed_pull_policies = {"always", "if-not-present", "never"};  // a job's own
    return runner;
}

/// A driver's environment has no place for the files of this directory.
bool runs_locally(const config::RunnerConfig& runner) {
    const auto kind = runner.executor_kind();
    return kind && !executors::traits_of(*kind).has_driver;
}

base::Result<config::RunnerConfig> configured_runner(const Values& values) {
    if (!values.has("config")) {
        if (!values.has("runner")) return own_runner();
        return base::make_error(base::ErrorKind::kInvalidInput,
                                "--runner names one of the runners in a config.toml: say which "
                                "file with --config FILE");
    }
    auto loaded = config::load_config(values.text("config"));
    if (!loaded) return loaded.error();
    const std::string wanted = values.text("runner");
    for (const auto& runner : loaded->runners) {
        if (wanted.empty() ? !runs_locally(runner) : runner.name != wanted) continue;
        if (runner.problem.empty()) return runner;
        return base::make_error(base::ErrorKind::kInvalidInput, runner.problem);
    }
    return base::make_error(
        base::ErrorKind::kNotFound,
        wanted.empty() ? fmt::format("{} has no runner with the executor docker or shell",
                                     values.text("config"))
                       : fmt::format("{} has no runner named \"{}\"; `runner list` shows them",
                                     values.text("config"), wanted));
}

/// Caches stay from call to call: below the user's home directory, or in a volume. Each checkout
/// has its own.
void keep_caches(config::RunnerConfig& runner, const std::string& checkout) {
    const std::string mark = base::sha256_hex(checkout).substr(0, 16);
    if (runner.executor_kind() == executors::ExecutorKind::kDocker) {
        runner.docker.volumes.push_back("runner-exec-cache-" + mark + ":/cache");
        return;
    }
    const char* xdg = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    const std::string base = xdg != nullptr && *xdg == '/' ? std::string(xdg)
                             : home != nullptr             ? std::string(home) + "/.cache"
                                                           : std::string();
    if (!base.empty()) runner.cache_dir = base + "/runner-exec/" + mark;
}

base::Result<void> use_runner(const Values& values, const std::string& checkout,
                              local::ExecOptions& options) {
    auto runner = configured_runner(values);
    if (!runner) return runner.error();
    runner->name = "exec";
    // A local job must not know the runner's token and URL at the server.
    runner->token = base::Secret("local");
    runner->url.clear();
    runner->output_limit_bytes = kNoLimit;
    if (values.has("executor")) runner->executor = values.text("executor");
    if (!runs_locally(*runner)) {
        return base::make_error(
            base::ErrorKind::kInvalidInput,
            fmt::format("exec runs jobs with the executor docker or shell, not with \"{}\": choose "
                        "one with --executor",
                        runner->executor));
    }
    if (values.has("image")) runner->docker.image = values.text("image");
    if (values.flag("privileged")) {
        runner->docker.privileged = true;
        runner->docker.services_privileged = true;
    }
    // A local job leaves nothing on the engine but its caches.
    runner->dind.persist = executors::docker::PersistData::kNone;
    if (!values.has("config")) keep_caches(*runner, checkout);
    auto config = std::make_shared<config::Config>();
    config->runners.push_back(std::move(*runner));
    options.runner = &config->runners.front();
    options.config = std::move(config);
    return {};
}

/// Secrets win over the variables of the file; those of the command line win over secrets.
base::Result<void> use_secrets(const Values& values, local::ExecOptions& options) {
    pipeline::variables::Collection given;
    for (const std::string& path : values.list("variables-file")) {
        std::vector<std::string> unmasked;
        auto secrets = local::read_secrets(path, unmasked);
        if (!secrets) return secrets.error();
        for (const std::string& name : unmasked) {
            base::log::warning(
                fmt::format("{} in {} is too short to be masked in the log", name, path));
        }
        given.merge(*secrets);
    }
    for (auto variable : options.request.given.all()) {
        variable.is_public = false;
        given.set(std::move(variable));
    }
    options.request.given = std::move(given);
    return {};
}

/// The flags of `lint` and `pipeline`, without those that choose the commit: that is --commit
/// here.
std::vector<Flag> shared_pipeline_flags() {
    std::vector<Flag> flags = pipeline_flags();
    std::erase_if(flags, [](const Flag& flag) {
        const std::string& name = flag.names.front();
        return name == "ref" || name == "tag" || name == "root";
    });
    return flags;
}

/// The pipeline's context and the jobs' files. They outlive the jobs.
struct ExecInputs {
    std::unique_ptr<PipelineContext> context;
    std::unique_ptr<local::Workspace> workspace;
};

base::Result<ExecInputs> open_inputs(Values values, local::ExecOptions& options) {
    const bool clean = values.flag("clean") || values.has("commit");
    const std::string commit = values.text("commit");
    if (!commit.empty() && commit != "HEAD") values.set("ref", {commit});
    if (clean) values.set("clean", {"true"});
    ExecInputs inputs;
    auto context = PipelineContext::open(values);
    if (!context) return context.error();
    inputs.context = std::move(*context);
    if (inputs.context->work_tree() == nullptr) {
        return base::make_error(
            base::ErrorKind::kNotFound,
            fmt::format("{} is in no git checkout: run this where the project was cloned to, or "
                        "begin with `git init`",
                        std::filesystem::current_path().string()));
    }
    if (!inputs.context->work_tree()->knows_ref()) {
        return base::make_error(
            base::ErrorKind::kNotFound,
            fmt::format("--commit {}: there is no such branch, tag or commit", commit));
    }
    local::CheckoutFiles files{.top = inputs.context->work_tree()->top(),
                               .facts = inputs.context->checkout(),
                               .clean = clean};
    auto workspace = local::Workspace::make(files);
    if (!workspace) return workspace.error();
    inputs.workspace = std::move(*workspace);
    inputs.context->read_files_from(inputs.workspace->root());
    const std::string file = values.has("file") ? values.text("file") : kDefaultFile;
    auto text = read_pipeline_file(inputs.workspace->root() / file);
    if (!text) return text.error();
    options.workspace = inputs.workspace.get();
    options.source = &inputs.context->source();
    options.checkout = inputs.context->checkout();
    options.request = inputs.context->request();
    options.load = inputs.context->load_request(std::move(*text), file);
    return inputs;
}

base::Result<int> concurrency(const Values& values) {
    if (!values.has("concurrency")) {
        return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1,
                          kMostConcurrent);
    }
    const auto number = base::parse_number<int>(values.text("concurrency"));
    if (!number || *number < 1 || *number > kMostConcurrent) {
        return base::make_error(
            base::ErrorKind::kInvalidInput,
            fmt::format("--concurrency is a number from 1 to {}", kMostConcurrent));
    }
    return *number;
}

int exec(const Values& values) {
    if (auto quiet = configure_log(values, "warn"); !quiet) return fail(quiet.error());
    local::ExecOptions options;
    options.jobs = values.words();
    options.with_needs = values.flag("needs");
    options.terminal = ::isatty(STDOUT_FILENO) == 1;
    options.colours = options.terminal && std::getenv("NO_COLOR") == nullptr;
    options.shell_on_failure = values.flag("shell");
    for (const std::string& name : values.list("manual")) {
        if (name == "all")
            options.pipeline.play_all = true;
        else
            options.pipeline.play.insert(name);
    }
    options.pipeline.interactive = options.terminal && ::isatty(STDIN_FILENO) == 1;
    options.pipeline.wait_for_delays = !values.flag("no-delay");
    auto jobs_at_once = concurrency(values);
    if (!jobs_at_once) return fail(jobs_at_once.error());
    options.concurrency = *jobs_at_once;
    if (options.shell_on_failure && !options.pipeline.interactive) {
        return fail("--shell needs a terminal");
    }
    const auto inputs = open_inputs(values, options);
    if (!inputs) return fail(inputs.error());
    const std::string checkout = inputs->context->work_tree()->top().string();
    if (auto used = use_runner(values, checkout, options); !used) return fail(used.error());
    if (auto used = use_secrets(values, options); !used) return fail(used.error());
    auto code = local::exec(std::move(options));
    if (!code) return fail(code.error());
    return *code;
}

}  // namespace

Command exec_command() {
    std::vector<Flag> flags{
        text_flag({"file", "f"}, "FILE",
                  "the configuration, from the checkout's root; default .gitlab-ci.yml"),
        bool_flag({"needs"}, "run what the named jobs need, too"),
        text_flag({"commit"}, "REF", "a clean checkout of this commit, branch or tag"),
        bool_flag({"clean"}, "leave out what is not committed"),
        list_flag({"variables-file"}, "FILE",
                  "secrets, NAME=VALUE a line or NAME=@FILE; only its owner may read it"),
        list_flag({"manual"}, "NAME|all", "play this manual job without asking; repeatable"),
        bool_flag({"no-delay"}, "start delayed jobs at once"),
        text_flag({"concurrency"}, "N", "how many jobs run at once; default: this machine's cores"),
        text_flag({"executor"}, "NAME", "docker or shell; default docker"),
        text_flag({"image"}, "IMAGE", "for jobs that name none"),
        bool_flag({"privileged"}, "privileged containers, as images with an engine inside need"),
        text_flag({"config", "c"}, "FILE", "take the settings of a runner in this config.toml"),
        text_flag({"runner"}, "NAME", "which of them; default: the first"),
        bool_flag({"shell"}, "open a shell where a job failed, before it is removed")};
    const auto shared = shared_pipeline_flags();
    flags.insert(flags.end(), shared.begin(), shared.end());
    return {.name = "exec",
            .summary = "run jobs of .gitlab-ci.yml on this machine",
            .usage = "[JOB …] [flags]",
            .description =
                "Runs the pipeline of this git checkout on this machine, with the engine that runs "
                "GitLab's jobs; or the jobs\n"
                "that are named. Jobs get the work tree as it is, what is not committed included.\n"
                "Exit code: 0 when the pipeline succeeded, 1 when not; of a single job the exit "
                "code of its script.",
            .examples =
                "  runner exec\n"
                "  runner exec test --needs\n"
                "  runner exec build --executor shell --var MODE=fast\n"
                "  runner exec --commit v1.2 --manual all --variables-file ~/.ci-secrets\n",
            .flags = flags,
            .run = exec,
            .takes_words = true};
}

}  // namespace runner::commands
