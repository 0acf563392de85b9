#include "executors/custom/custom_executor.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/host_name.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"
#include "executors/custom/driver_answer.hpp"
#include "executors/custom/driver_calls.hpp"
#include "executors/custom/driver_files.hpp"
#include "executors/shell/host_supervisor.hpp"

namespace executors::custom {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

/// cleanup() tries again with its own limit.
constexpr std::chrono::seconds kHaltLimit{60};
/// What is done where scripts run is in docs/configuration.md.
constexpr const char* kRunnerProgram = "gitlab-runner";

/// The path of a program that config.toml names, looked up in PATH when it has no slash.
Result<std::string> find_program(const std::string& name, std::string_view key) {
    const auto usable = [](const std::string& path) {
        std::error_code ignored;
        return ::access(path.c_str(), X_OK) == 0 && !std::filesystem::is_directory(path, ignored);
    };
    if (name.empty()) {
        return base::make_error(ErrorKind::kNotFound,
                                fmt::format("{} of [runners.custom] names no program", key));
    }
    if (name.find('/') != std::string::npos) {
        if (usable(name)) return name;
        std::error_code ignored;
        if (std::filesystem::is_directory(name, ignored)) errno = EISDIR;
        return base::errno_error(fmt::format("run {}, {} of [runners.custom]", name, key));
    }
    const char* path = std::getenv("PATH");
    for (const auto& directory : base::split(path != nullptr ? path : "", ':')) {
        if (!directory.empty() && usable(directory + "/" + name)) return directory + "/" + name;
    }
    return base::make_error(
        ErrorKind::kNotFound,
        fmt::format("PATH has no program {}, {} of [runners.custom]", name, key));
}

std::string startup_line(const DriverAnswer& answer) {
    std::string line = "Using Custom executor";
    if (!answer.driver_name.empty()) {
        line += " with driver " + answer.driver_name;
        if (!answer.driver_version.empty()) line += " " + answer.driver_version;
    }
    return line + "...";
}

class CustomExecutor final : public Executor {
  public:
    CustomExecutor(const boost::asio::any_io_executor& executor, CustomSettings settings,
                   std::string helper_path)
        : settings_(std::move(settings)),
          supervisor_(executor, std::move(helper_path)),
          calls_(executor, std::chrono::seconds(settings_.graceful_kill_timeout),
                 std::chrono::seconds(settings_.force_kill_timeout)) {
        info_.description = base::host_name();
        info_.helper = kRunnerProgram;
    }

    Task<Result<void>> prepare(const JobEnvironment& job, JobLog& log) override;
    Task<Result<std::unique_ptr<protocol::http::ByteStream>>> connect() override {
        return supervisor_.connect();
    }
    [[nodiscard]] const EnvironmentInfo& info() const override { return info_; }
    [[nodiscard]] std::string saved_state() const override {
        return nlohmann::json{{"directory", files_.directory().parent_path().string()}}.dump();
    }
    Task<Result<void>> restore(const JobEnvironment& job, const std::string& saved) override;
    void be_quiet() override { calls_.be_quiet(); }
    Task<Result<void>> halt() override;
    Task<Result<void>> cleanup(std::chrono::seconds limit) override;

  private:
    void use_state_dir(const std::filesystem::path& directory);
    Result<void> recall();
    Result<void> tell(const JobEnvironment& job);
    Task<Result<void>> configure(const JobEnvironment& job);
    Task<Result<void>> make_environment(std::int64_t job_id);
    Task<Result<void>> call_cleanup();
    [[nodiscard]] DriverCall call(std::string name) const;
    Task<Result<void>> run(DriverCall call);
    [[nodiscard]] DriverProcess::OnLine to_job_log() const;
    [[nodiscard]] ScriptDriver script_driver(std::string program) const;

    CustomSettings settings_;
    shell::HostSupervisor supervisor_;
    DriverCalls calls_;
    EnvironmentInfo info_;
    DriverFiles files_{{}};
    DriverAnswer answer_;
    std::vector<std::string> job_entries_;  ///< CUSTOM_ENV_…=value
    base::log::Scope daemon_log_;
    JobLog* log_ = nullptr;  ///< null after a restart of the daemon
};

void CustomExecutor::use_state_dir(const std::filesystem::path& directory) {
    const auto absolute = std::filesystem::absolute(directory);
    files_ = DriverFiles(absolute / "driver");
    supervisor_.use_directory(absolute / "supervisor");
}

Task<Result<void>> CustomExecutor::prepare(const JobEnvironment& job, JobLog& log) {
    use_state_dir(job.state_dir);
    daemon_log_ = job.daemon_log;
    log_ = &log;
    if (files_.exist()) {
        // A former daemon has begun the preparation. What it began may need no answer to end.
        static_cast<void>(recall());
        auto removing = call_cleanup();
        auto removed = co_await std::move(removing);
        if (!removed && removed.error().is(ErrorKind::kCancelled)) co_return removed;
    }
    auto program = find_program(settings_.run_exec, "run_exec");
    if (!program) co_return base::make_error(ErrorKind::kConfiguration, program.error().message);
    auto created = files_.create(job.payload_file);
    if (!created) co_return created;
    auto configuring = configure(job);
    auto configured = co_await std::move(configuring);
    if (!configured) co_return configured;
    log.print(startup_line(answer_));
    info_.driver = script_driver(*program);
    auto making = make_environment(job.job_id);
    auto made = co_await std::move(making);
    co_return made;
}

Task<Result<void>> CustomExecutor::configure(const JobEnvironment& job) {
    answer_ = {};
    info_.job_exit_code.reset();
    if (job.driver_job != nullptr) job_entries_ = entries_of(job.driver_job->variables());
    if (!settings_.config_exec.empty()) {
        DriverCall config = call("config_exec");
        config.program = settings_.config_exec;
        config.arguments = settings_.config_args;
        config.limit = std::chrono::seconds(settings_.config_exec_timeout);
        config.output_file = files_.answer_file().string();
        config.on_line = to_job_log();
        auto calling = run(std::move(config));
        auto called = co_await std::move(calling);
        if (!called) co_return called;
    }
    if (auto known = recall(); !known) co_return known;
    co_return tell(job);
}

/// Reads what the driver has answered and what it was told of the job.
Result<void> CustomExecutor::recall() {
    const auto text = files_.read_answer();
    if (!text) return text.error();
    auto answer = parse_driver_answer(*text);
    if (!answer) return answer.error();
    answer_ = std::move(*answer);
    const std::string hostname = answer_.hostname.value_or("");
    info_.description = hostname.empty() ? base::host_name() : hostname;
    auto entries = files_.read_environment();
    if (!entries.empty()) job_entries_ = std::move(entries);
    return {};
}

/// Lets the job follow the driver's answer, and keeps the variables that it has then.
Result<void> CustomExecutor::tell(const JobEnvironment& job) {
    if (job.driver_job == nullptr) return {};
    if (auto configured = job.driver_job->configure(answer_); !configured) return configured;
    const auto variables = job.driver_job->variables();
    job_entries_ = entries_of(variables);
    return files_.save_environment(variables);
}

Task<Result<void>> CustomExecutor::make_environment(std::int64_t job_id) {
    if (!settings_.prepare_exec.empty()) {
        DriverCall prepare = call("prepare_exec");
        prepare.program = settings_.prepare_exec;
        prepare.arguments = settings_.prepare_args;
        prepare.limit = std::chrono::seconds(settings_.prepare_exec_timeout);
        prepare.on_line = to_job_log();
        auto calling = run(std::move(prepare));
        auto called = co_await std::move(calling);
        if (!called) co_return called;
    }
    auto starting = supervisor_.start(job_id);
    auto started = co_await std::move(starting);
    co_return started;
}

Task<Result<void>> CustomExecutor::run(DriverCall call) {
    const std::string name = call.name;
    auto running = calls_.run(std::move(call));
    auto code = co_await std::move(running);
    if (!code) co_return code.error();
    if (*code == 0) co_return Result<void>();
    info_.job_exit_code = *code;
    co_return base::make_error(ErrorKind::kIo, fmt::format("{}: exit status {}", name, *code));
}

DriverProcess::OnLine CustomExecutor::to_job_log() const {
    return [log = log_](std::string_view line) { log->print(line); };
}

DriverCall CustomExecutor::call(std::string name) const {
    DriverCall made;
    made.name = std::move(name);
    made.directory = files_.directory();
    for (const auto& [key, value] : answer_.job_env) made.environment.push_back(key + "=" + value);
    // What the job and the runner say wins.
    for (auto& entry : entries_of(driver_variables(files_)))
        made.environment.push_back(std::move(entry));
    made.environment.insert(made.environment.end(), job_entries_.begin(), job_entries_.end());
    return made;
}

ScriptDriver CustomExecutor::script_driver(std::string program) const {
    ScriptDriver driver;
    driver.program = std::move(program);
    driver.arguments = settings_.run_args;
    driver.directory = files_.directory().string();
    driver.hostname = answer_.hostname.value_or("");
    driver.shell = answer_.shell.value_or("");
    driver.graceful_kill = std::chrono::seconds(settings_.graceful_kill_timeout);
    driver.force_kill = std::chrono::seconds(settings_.force_kill_timeout);
    for (const auto& [name, value] : answer_.job_env) driver.environment.push_back({name, value});
    for (auto& variable : driver_variables(files_)) driver.environment.push_back(variable);
    return driver;
}

Task<Result<void>> CustomExecutor::restore(const JobEnvironment& job, const std::string& saved) {
    daemon_log_ = job.daemon_log;
    const auto json = base::parse_foreign_json(saved);
    const bool known =
        json.is_object() && json.contains("directory") && json["directory"].is_string();
    use_state_dir(known ? std::filesystem::path(json["directory"].get<std::string>())
                        : job.state_dir);
    if (auto recalled = recall(); !recalled) co_return recalled;
    auto connecting = connect();
    auto stream = co_await std::move(connecting);
    if (!stream) {
        co_return base::make_error(
            ErrorKind::kNotFound,
            "the driver's processes on this machine are gone: " + stream.error().message);
    }
    auto program = find_program(settings_.run_exec, "run_exec");
    if (!program) co_return program.error();
    info_.driver = script_driver(*program);
    co_return tell(job);
}

Task<Result<void>> CustomExecutor::halt() {
    auto ending = calls_.end();
    auto ended = co_await std::move(ending);
    auto halting = supervisor_.halt(kHaltLimit);
    auto halted = co_await std::move(halting);
    if (!halted) co_return halted;
    co_return ended;
}

Task<Result<void>> CustomExecutor::cleanup(std::chrono::seconds limit) {
    auto ending = calls_.end();
    auto ended = co_await std::move(ending);
    auto halting = supervisor_.halt(limit);
    auto halted = co_await std::move(halting);
    if (!halted) co_return halted;
    auto calling = call_cleanup();
    auto called = co_await std::move(calling);
    if (!called) co_return called;
    auto removing = supervisor_.remove();
    auto removed = co_await std::move(removing);
    if (!removed) co_return removed;
    co_return ended;
}

/// Fails only when it is cancelled. As officially, a driver that cannot clean up is not called
/// again: what it could not remove now is for the administrator.
Task<Result<void>> CustomExecutor::call_cleanup() {
    if (!files_.exist()) co_return Result<void>();
    if (!settings_.cleanup_exec.empty()) {
        DriverCall cleanup = call("cleanup_exec");
        cleanup.program = settings_.cleanup_exec;
        cleanup.arguments = settings_.cleanup_args;
        cleanup.limit = std::chrono::seconds(settings_.cleanup_exec_timeout);
        if (log_ != nullptr) {
            cleanup.on_line = [this](std::string_view line) {
                daemon_log_.debug("The driver's cleanup", {{"line", log_->masked(line)}});
            };
        }
        auto calling = calls_.run(std::move(cleanup));
        auto code = co_await std::move(calling);
        if (!code && code.error().is(ErrorKind::kCancelled)) co_return code.error();
        if (!code || *code != 0) {
            daemon_log_.warning(
                "Cleanup script failed",
                {{"error", code ? fmt::format("exit status {}", *code) : code.error().message}});
        }
    }
    files_.remove();
    co_return Result<void>();
}

}  // namespace

std::unique_ptr<Executor> make_custom_executor(const boost::asio::any_io_executor& executor,
                                               const CustomSettings& settings,
                                               std::string helper_path) {
    return std::make_unique<CustomExecutor>(executor, settings, std::move(helper_path));
}

}  // namespace executors::custom
