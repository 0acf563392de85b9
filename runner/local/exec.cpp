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

LocalPipeline::Description describe(ExecOptions& options, std::int64_t id) {
    LocalPipeline::Description out;
    out.load = std::move(options.load);
    out.request = std::move(options.request);
    out.jobs = options.jobs;
    out.with_needs = options.with_needs;
    const std::string project(out.request.predefined.value("CI_PROJECT_ID").value_or("1"));
    out.facts.id = id;
    out.facts.project_id = std::atoll(project.c_str());
    out.facts.sha = options.checkout.sha;
    out.facts.before_sha = options.checkout.before_sha;
    out.facts.ref = options.checkout.ref;
    out.facts.is_tag = options.checkout.is_tag;
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

/// The call at work, on its loop.
class Session {
  public:
    Session(boost::asio::io_context& context, Engine& engine, const ExecOptions& options,
            Display& display)
        : executor_(context.get_executor()),
          display_(display),
          questions_(executor_),
          capacity_(executor_, options.concurrency),
          workshop_{engine,
                    display,
                    questions_,
                    capacity_,
                    *options.place,
                    *options.source,
                    options.wishes,
                    ArtifactStore(options.place->directory() / "artifacts"),
                    options.shell_on_failure},
          signals_(executor_, SIGINT, SIGTERM, SIGHUP),
          helpers_(executor_) {}

    Workshop& workshop() { return workshop_; }

    base::Task<Status> run(LocalPipeline& pipeline) {
        pipeline_ = &pipeline;
        helpers_.spawn("signals", watch_signals());
        helpers_.spawn("display", keep_time());
        auto running = pipeline.run();
        const Status status = co_await std::move(running);
        over_ = true;
        helpers_.cancel_all();
        co_await helpers_.wait();
        co_return status;
    }
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
        const std::string directory = workshop_.place.directory().string();
        const bool shell = workshop_.engine.runner().executor == "shell";
        const std::string text =
            shell ? what_shell_jobs_leave(directory) : what_containers_leave(directory);
        std::fputs(text.c_str(), stderr);
        std::_Exit(kSignalBase + number);
    }
    base::Task<void> keep_time() {
        while (!over_) {
            auto slept = co_await base::sleep_for(kRedrawInterval);
            if (!slept) co_return;
            display_.refresh();
            if (display_.broken()) pipeline_->stop();
        }
    }

    boost::asio::any_io_executor executor_;
    Display& display_;
    Questions questions_;
    Capacity capacity_;
    Workshop workshop_;
    LocalPipeline* pipeline_ = nullptr;
    int signal_ = 0;
    bool over_ = false;
    boost::asio::signal_set signals_;
    base::TaskGroup helpers_;
};

/// What was asked for by name and did not come to pass.
std::vector<std::string> unfulfilled(const Workshop& workshop, const LocalPipeline& pipeline) {
    std::vector<std::string> sentences = pipeline.left_undone();
    for (const std::string& name : workshop.wishes.play) {
        if (workshop.met.contains(name)) continue;
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

}  // namespace

base::Result<int> exec(ExecOptions options) {
    std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away must not leave containers behind

    boost::asio::io_context context(1);
    Engine engine(context.get_executor(), {.config = options.config,
                                           .runner = options.runner,
                                           .state_dir = options.place->directory()});
    Display display(stdout, {.live = options.terminal, .colours = options.colours});
    Session session(context, engine, options, display);
    session.workshop().next_id = first_id();
    auto description = describe(options, session.workshop().next_id++);
    LocalPipeline pipeline(context.get_executor(), session.workshop(), std::move(description),
                           *options.source);
    if (auto loaded = pipeline.load(); !loaded) return loaded.error();
    display.use_prefixes(pipeline.has_many_logs());

    std::optional<base::Result<Status>> ended;
    auto on_end = [&](const std::exception_ptr& failure, Status status) {
        if (failure)
            ended = base::error_from_exception(failure);
        else
            ended = status;
    };
    auto task = session.run(pipeline);
    boost::asio::co_spawn(context, std::move(task), on_end);
    while (!ended) context.run_one();  // idle connections to the engine are not waited for
    if (!*ended) return ended->error();
    const Status status = **ended;
    std::vector<std::string> sentences;
    if (session.signal() == 0) sentences = unfulfilled(session.workshop(), pipeline);
    for (const std::string& sentence : sentences) display.say("WARNING: " + sentence);
    if (pipeline.has_many_logs()) {
        display.say("\n" + display.table() + fmt::format("Pipeline: {}", to_string(status)));
    }
    const int code = exit_code_of(options, pipeline, status, session.signal());
    return code == 0 && !sentences.empty() ? 1 : code;
}

}  // namespace runner::local
