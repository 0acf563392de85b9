#include "runner/local/script_jobs.hpp"

#include "base/clock.hpp"
#include "base/random.hpp"
#include "runner/local/failed_shell.hpp"
#include "runner/local/server_only.hpp"
#include "runner/local/terminal_channel.hpp"

namespace runner::local {

using pipeline::state::Status;

namespace {

constexpr std::size_t kTokenLength = 20;

}  // namespace

base::Task<JobEnd> ScriptJobs::run(std::size_t position) {
    for (const auto& sentence : server_only(planned_.jobs()[position]))
        rows_.warn(position, sentence);
    auto made = make(position);
    if (!made) {
        const std::string& why = made.error().message;
        rows_.warn(position, why);
        co_return JobEnd{Status::kFailed, "runner_system_failure", std::nullopt, why};
    }
    job::JobRun& run = **made;
    running_.emplace(position, &run);
    rows_.detail(position, [&run] { return run.status().stage; });
    if (stopped_) run.stop(base::StopReason::kUserCancel);
    auto reported = co_await run.run();
    static_cast<void>(reported);  // the outcome is taken from the run itself
    rows_.detail(position, {});
    running_.erase(position);
    context_.jobs.give_back(run);
    co_return job_end_of(run.outcome());
}

void ScriptJobs::stop_all() {
    stopped_ = true;
    for (const auto& [position, run] : running_) run->stop(base::StopReason::kUserCancel);
}

base::Result<std::unique_ptr<job::JobRun>> ScriptJobs::make(std::size_t position) {
    auto payload = payload_of(position);
    if (!payload) return payload.error();
    const std::int64_t id = payload->id;
    const auto make_channel = [this, position, id](trace::MaskOptions secrets) {
        return channel_for(position, id, std::move(secrets));
    };
    return context_.jobs.make(std::move(*payload), make_channel, context_.workspace.sources());
}

base::Result<protocol::gitlab::JobPayload> ScriptJobs::payload_of(std::size_t position) {
    const Workspace& workspace = context_.workspace;
    PayloadRequest request;
    request.pipeline = &planned_.description.info;
    request.planned = &planned_.jobs()[position];
    request.id = context_.next_id++;
    request.token = base::Secret("local-" + base::random_alphanumeric(kTokenLength));
    request.started_at = base::rfc3339_utc(base::unix_micros_now() / 1'000'000);
    request.files = &workspace.files();
    request.blob_id = [&workspace](const std::string& path) { return workspace.blob_id(path); };
    request.dependencies = results_.dependencies_of(position);
    auto inherited = results_.inherited_variables(position);
    if (!inherited) return inherited.error();
    request.inherited = std::move(*inherited);
    results_.begin_run(position, request.id);
    return make_payload(request);
}

std::unique_ptr<job::JobChannel> ScriptJobs::channel_for(std::size_t position, std::int64_t job_id,
                                                         trace::MaskOptions secrets) {
    TerminalChannelOptions options;
    options.job_id = job_id;
    options.artifacts = &context_.artifacts;
    options.masks = std::move(secrets);
    options.colours = context_.display.options().colours;
    options.on_line = [this, position](std::string_view line) { rows_.line(position, line); };
    if (context_.shell_on_failure) {
        options.before_cleanup = [this, position](const journal::Outcome& outcome) {
            return offer_shell(position, outcome);
        };
    }
    return make_terminal_channel(executor_, std::move(options));
}

base::Task<void> ScriptJobs::offer_shell(std::size_t position, const journal::Outcome& outcome) {
    const auto run = running_.find(position);
    if (outcome.success() || stopped_ || run == running_.end()) co_return;
    Display& display = context_.display;
    display.hide();
    display.say(planned_.job(position).name +
                " failed; this is a shell in its place. `exit` goes on.");
    auto opening = open_shell(*run->second);
    auto opened = co_await std::move(opening);
    display.show();
    if (!opened) rows_.warn(position, opened.error().message);
}

}  // namespace runner::local
