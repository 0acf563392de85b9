#include "runner/doctor/examination.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "base/log.hpp"
#include "base/random.hpp"
#include "base/stop_source.hpp"
#include "base/task_group.hpp"
#include "runner/config/system_id.hpp"
#include "runner/daemon/kept_tokens.hpp"
#include "runner/doctor/checks.hpp"
#include "runner/journal/state_dir.hpp"

namespace runner::doctor {

namespace fs = std::filesystem;
using base::Result;
using base::Task;

namespace {

constexpr int kSignalBase = 128;

/// Holds the state of the doctor's jobs while they run.
class ScratchDirectory {
  public:
    static Result<std::unique_ptr<ScratchDirectory>> make() {
        std::error_code failed;
        std::string path = (fs::temp_directory_path(failed) / "runner-doctor-XXXXXX").string();
        if (failed || ::mkdtemp(path.data()) == nullptr)
            return base::errno_error("make a directory for the doctor's job");
        return std::unique_ptr<ScratchDirectory>(new ScratchDirectory(path));
    }
    ~ScratchDirectory() {
        std::error_code failed;
        fs::remove_all(path_, failed);
        if (failed)
            base::log::warning("A directory could not be removed",
                               {{"path", path_.string()}, {"error", failed.message()}});
    }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    [[nodiscard]] const fs::path& path() const { return path_; }

  private:
    explicit ScratchDirectory(fs::path path) : path_(std::move(path)) {}
    fs::path path_;
};

Result<Context> make_context(boost::asio::any_io_executor executor, Options options) {
    Context context;
    context.executor = std::move(executor);
    auto inspection = config::inspect_file(options.config_path);
    if (!inspection) return inspection.error();
    context.inspection = std::move(*inspection);
    daemon::KeptTokens::beside(options.config_path).use_in(context.inspection.config);
    context.config = std::make_shared<const config::Config>(context.inspection.config);
    for (const auto& runner : context.config->runners) {
        if (options.runner.empty() || runner.name == options.runner)
            context.runners.push_back(&runner);
    }
    if (!options.runner.empty() && context.runners.empty())
        return base::make_error(
            base::ErrorKind::kNotFound,
            fmt::format("{} has no runner named \"{}\"; `runner list` shows them",
                        options.config_path.string(), options.runner));
    context.state_directory = journal::state_directory_for(options.config_path);
    context.system_id = config::load_system_id(options.config_path).value;
    context.mark = "doctor-" + base::random_hex(4);
    context.options = std::move(options);
    return context;
}

/// Every word of --only must mean something, or a mistyped one would look like health.
Result<void> keep_wanted(const Context& context, Checks& checks) {
    for (const std::string& word : context.options.only) {
        Context one;
        one.options.only = {word};
        if (std::any_of(checks.begin(), checks.end(),
                        [&one](const Check& check) { return one.wants(check.place, check.name); }))
            continue;
        std::vector<std::string> names;
        for (const auto& check : checks) {
            if (std::find(names.begin(), names.end(), check.name) == names.end())
                names.push_back(check.name);
        }
        return base::make_error(base::ErrorKind::kInvalidInput,
                                fmt::format("--only {}: there is no such check here; there are {}",
                                            word, fmt::join(names, ", ")));
    }
    std::erase_if(
        checks, [&context](const Check& check) { return !context.wants(check.place, check.name); });
    return {};
}

bool needs_job(const Checks& checks) {
    return std::any_of(checks.begin(), checks.end(), [](const Check& check) {
        return check.place != Place::kHost && check.place != Place::kEngine;
    });
}

/// Runs checks at the same time.
///
/// Life: run() once. Strand: the I/O thread.
class Examination {
  public:
    Examination(boost::asio::any_io_executor executor, Checks checks, DoctorJobs& jobs)
        : checks_(std::move(checks)),
          lines_(checks_.size()),
          jobs_(jobs),
          signals_(executor, SIGINT, SIGTERM),
          watch_(executor),
          group_(executor) {}

    Task<Examined> run() {
        watch_.spawn("signals", watch_signals());
        if (needs_job(checks_)) jobs_.begin();
        for (std::size_t i = 0; i < checks_.size(); ++i) group_.spawn(checks_[i].name, run_one(i));
        co_await group_.wait();
        co_await jobs_.wait();
        watch_.cancel_all();
        co_await watch_.wait();
        co_return finish();
    }

  private:
    Task<void> run_one(std::size_t index) {
        const Check& check = checks_[index];
        auto running = check.run();
        const auto deadline = std::chrono::steady_clock::now() + check.limit;
        auto finding = co_await base::run_stoppable<Finding>(&stop_, std::move(running), deadline);
        if (!finding && finding.error().is(base::ErrorKind::kCancelled)) co_return;
        Line line{check.place, check.where, check.name, {}};
        if (finding)
            line.finding = std::move(*finding);
        else if (finding.error().is(base::ErrorKind::kTimeout))
            line.finding = problem(fmt::format("no answer within {} s", check.limit.count()),
                                   "runner doctor --debug --only " + check.name);
        else
            line.finding = problem(finding.error().message, "runner doctor --debug shows more");
        if (!is_silent(line.finding)) lines_[index] = std::move(line);
    }

    Task<void> watch_signals() {
        while (true) {
            auto [code, number] = co_await signals_.async_wait(base::use_tuple);
            if (code) co_return;
            if (signal_ != 0) leave(number);
            signal_ = number;
            base::log::warning("Stopping: what was made is removed. Once more leaves at once.");
            stop_.request(base::StopReason::kShutdown);
            jobs_.stop();
        }
    }

    [[noreturn]] static void leave(int number) {
        std::fputs(
            "Left at once. Perhaps still there: what the doctor's job made, see\n"
            "  docker ps --all --filter label=com.gitlab.gitlab-runner.runner.system_id=local\n",
            stderr);
        std::_Exit(kSignalBase + number);
    }

    Examined finish() {
        Examined out;
        for (auto& line : lines_) {
            if (line) out.lines.push_back(std::move(*line));
        }
        out.signal = signal_;
        return out;
    }

    Checks checks_;
    std::vector<std::optional<Line>> lines_;  ///< in the order of the checks
    DoctorJobs& jobs_;
    int signal_ = 0;
    base::StopSource stop_;
    boost::asio::signal_set signals_;
    base::TaskGroup watch_;
    base::TaskGroup group_;
};

Result<Examined> run_to_end(boost::asio::io_context& loop, Examination& examination) {
    std::optional<Result<Examined>> ended;
    auto on_end = [&ended](const std::exception_ptr& failure, Examined examined) {
        if (failure)
            ended = base::error_from_exception(failure);
        else
            ended = std::move(examined);
    };
    auto task = examination.run();
    boost::asio::co_spawn(loop, std::move(task), on_end);
    while (!ended) loop.run_one();
    return std::move(*ended);
}

}  // namespace

Result<Examined> examine(Options options) {
    boost::asio::io_context loop(1);
    auto context = make_context(loop.get_executor(), std::move(options));
    if (!context) return context.error();
    auto scratch = ScratchDirectory::make();
    if (!scratch) return scratch.error();
    DoctorJobs jobs(*context, (*scratch)->path());
    Checks checks;
    add_host_checks(*context, checks);
    add_gitlab_checks(*context, checks);
    add_certificate_checks(*context, checks);
    add_registry_checks(*context, checks);
    add_engine_checks(*context, checks);
    add_engine_registry_checks(*context, checks);
    add_job_checks(*context, jobs, checks);
    if (auto kept = keep_wanted(*context, checks); !kept) return kept.error();
    Examination examination(loop.get_executor(), std::move(checks), jobs);
    return run_to_end(loop, examination);
}

}  // namespace runner::doctor
