#include "runner/local/exec.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <optional>

#include "base/clock.hpp"
#include "base/stop_source.hpp"
#include "runner/local/local_pipeline.hpp"

namespace runner::local {

using pipeline::state::Status;

namespace {

constexpr std::chrono::milliseconds kRedrawInterval{200};
constexpr int kSignalBase = 128;

/// Identifiers that another call on this machine does not use at the same time.
std::int64_t first_id() {
    return base::unix_micros_now() / 1'000'000 % 100'000'000 * 10'000'000 +
           ::getpid() % 100'000 * 100;
}

PipelineDescription describe(ExecOptions& options, std::int64_t id) {
    PipelineDescription out;
    out.load = std::move(options.load);
    out.request = std::move(options.request);
    out.jobs = options.jobs;
    out.with_needs = options.with_needs;
    const std::string project(out.request.predefined.value("CI_PROJECT_ID").value_or("1"));
    out.info.id = id;
    out.info.project_id = std::atoll(project.c_str());
    out.info.sha = options.checkout.sha;
    out.info.before_sha = options.checkout.before_sha;
    out.info.ref = options.checkout.ref;
    out.info.is_tag = options.checkout.is_tag;
    return out;
}

std::string what_shell_jobs_leave(const std::string& directory) {
    return fmt::format(
        "Left at once. Still there: the jobs' directory {0} and what their scripts started. When "
        "nothing of it is needed any more: rm -rf {0}\n",
        directory);
}

std::string what_containers_leave(const std::string& directory) {
    static constexpr const char* kLabel = "label=com.gitlab.gitlab-runner.runner.system_id=local";
    return fmt::format(
        "Left at once. Still there: the directory {0} (rm -rf {0}), and perhaps containers, "
        "volumes "
        "and networks of the jobs:\n"
        "  docker ps --all --filter {1}\n"
        "  docker volume ls --filter {1}\n"
        "  docker network ls --filter {1}\n",
        directory, kLabel);
}

/// One call while it runs: what its pipelines share, signals, and the clock of the display.
///
/// Life: run() once. Strand: the I/O thread. The constructor's references outlive it.
class ExecCall {
  public:
    ExecCall(boost::asio::io_context& context, JobFactory& jobs, const ExecOptions& options,
             Display& display)
        : executor_(context.get_executor()),
          display_(display),
          input_(executor_),
          capacity_(executor_, options.concurrency),
          context_{jobs,
                   display,
                   input_,
                   capacity_,
                   *options.workspace,
                   *options.source,
                   options.pipeline,
                   ArtifactStore(options.workspace->directory() / "artifacts"),
                   options.shell_on_failure},
          signals_(executor_, SIGINT, SIGTERM, SIGHUP),
          watchers_(executor_) {}

    ExecContext& context() { return context_; }

    base::Task<Status> run(LocalPipeline& pipeline) {
        pipeline_ = &pipeline;
        watchers_.spawn("signals", watch_signals());
        watchers_.spawn("display", redraw());
        auto running = pipeline.run();
        const Status status = co_await std::move(running);
        over_ = true;
        watchers_.cancel_all();
        co_await watchers_.wait();
        co_return status;
    }
    /// The signal that stopped the call; 0 for none.
    [[nodiscard]] int signal() const { return signal_; }

  private:
    base::Task<void> watch_signals() {
        while (true) {
            auto [code, number] = co_await signals_.async_wait(base::use_tuple);
            if (code) co_return;
            if (signal_ != 0) leave(number);
            signal_ = number;
            display_.say(
                "Stopping: after_script and cleanup have their turn. Once more leaves at once.");
            pipeline_->stop();
        }
    }
    [[noreturn]] void leave(int number) {
        display_.hide();
        const std::string directory = context_.workspace.directory().string();
        const bool shell =
            context_.jobs.runner().executor_kind() == executors::ExecutorKind::kShell;
        const std::string text =
            shell ? what_shell_jobs_leave(directory) : what_containers_leave(directory);
        std::fputs(text.c_str(), stderr);
        std::_Exit(kSignalBase + number);
    }
    base::Task<void> redraw() {
        while (!over_) {
            auto slept = co_await base::sleep_for(kRedrawInterval);
            if (!slept) co_return;
            display_.refresh();
            if (display_.broken()) pipeline_->stop();
        }
    }

    boost::asio::any_io_executor executor_;
    Display& display_;
    TerminalInput input_;
    Capacity capacity_;
    ExecContext context_;
    LocalPipeline* pipeline_ = nullptr;
    int signal_ = 0;
    bool over_ = false;
    boost::asio::signal_set signals_;
    base::TaskGroup watchers_;
};

/// Sentences about what the command line named and this call did not run.
std::vector<std::string> unfulfilled(const ExecContext& context, const LocalPipeline& pipeline) {
    std::vector<std::string> sentences = pipeline.left_undone();
    for (const std::string& name : context.options.play) {
        if (context.found_manual_names.contains(name)) continue;
        sentences.push_back(
            fmt::format("--manual {}: no pipeline of this call has such a job", name));
    }
    return sentences;
}

int exit_code_of(const ExecOptions& options, const LocalPipeline& pipeline, Status status,
                 int signal) {
    if (signal != 0) return kSignalBase + signal;
    if (options.jobs.size() == 1 && pipeline.size() == 1) {
        const JobEnd& end = pipeline.last_end();
        if (end.status == Status::kSuccess) return 0;
        return end.exit_code.value_or(1);
    }
    return status == Status::kSuccess || status == Status::kSkipped ? 0 : 1;
}

/// Runs the pipeline on its event loop. Timers of idle connections to the Docker engine are not
/// waited for.
base::Result<Status> run_to_end(boost::asio::io_context& context, ExecCall& call,
                                LocalPipeline& pipeline) {
    std::optional<base::Result<Status>> ended;
    auto on_end = [&](const std::exception_ptr& failure, Status status) {
        if (failure)
            ended = base::error_from_exception(failure);
        else
            ended = status;
    };
    auto task = call.run(pipeline);
    boost::asio::co_spawn(context, std::move(task), on_end);
    while (!ended) context.run_one();
    return *ended;
}

}  // namespace

base::Result<int> exec(ExecOptions options) {
    std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away must not leave containers behind

    boost::asio::io_context context(1);
    JobFactory jobs(context.get_executor(), {.config = options.config,
                                             .runner = options.runner,
                                             .state_dir = options.workspace->directory()});
    Display display(stdout, {.live = options.terminal, .colours = options.colours});
    ExecCall call(context, jobs, options, display);
    call.context().next_id = first_id();
    auto description = describe(options, call.context().next_id++);
    auto loaded = LocalPipeline::load(context.get_executor(), call.context(),
                                      std::move(description), *options.source);
    if (!loaded) return loaded.error();
    LocalPipeline& pipeline = **loaded;
    display.use_prefixes(pipeline.has_many_logs());

    auto status = run_to_end(context, call, pipeline);
    if (!status) return status.error();
    std::vector<std::string> sentences;
    if (call.signal() == 0) sentences = unfulfilled(call.context(), pipeline);
    for (const std::string& sentence : sentences) display.say("WARNING: " + sentence);
    if (pipeline.has_many_logs()) {
        display.say("\n" + display.table() + fmt::format("Pipeline: {}", to_string(*status)));
    }
    const int code = exit_code_of(options, pipeline, *status, call.signal());
    return code == 0 && !sentences.empty() ? 1 : code;
}

}  // namespace runner::local
