#include "runner/job/daemon_sources.hpp"
#include "runner/job/job_run.hpp"

namespace runner::job {

using executors::session::StageExit;

namespace {

bool went_well(const base::Result<StageExit>& result) {
    return result && result->code == 0 && result->reason == StageExit::Reason::kExited;
}

}  // namespace

std::filesystem::path JobRun::sources_directory() const {
    return setup_.journal.directory() / "sources";
}

bool JobRun::sources_by_daemon() const {
    return setup_.sources || !setup_.executor->info().has_git;
}

std::unique_ptr<Sources> JobRun::repository_sources(std::string script) {
    SourcesRequest request;
    request.directory = sources_directory();
    request.script = std::move(script);
    request.project = directories_->project;
    request.git_config = scripts_->git_sources.ext_config();
    return std::make_unique<DaemonSources>(std::move(request));
}

/// For an image without git, and for sources that no git server has: the daemon brings the trees,
/// the supervisor unpacks them.
base::Task<JobRun::StageResult> JobRun::bring_sources(const PlannedStage& stage) {
    auto parts =
        scripts_->split_sources.split_sources(DaemonSources::git_directories(sources_directory()));
    if (!parts) co_return parts.error();
    for (const std::string& warning : behaviour_->take_warnings()) log().warning(warning);
    const base::Deadline deadline = stage_deadline(stage);
    const auto before = script_number(ScriptPart::kBefore);
    auto result = co_await run_script(before, std::move(parts->before), deadline);
    if (!went_well(result)) co_return std::move(result);
    setup_.channel->end_output();
    std::unique_ptr<Sources> own;
    if (!setup_.sources) own = repository_sources(std::move(parts->host));
    Sources& sources = own ? *own : *setup_.sources;
    auto fetching = sources.fetch(log());
    auto code = co_await base::run_stoppable(&stop_, std::move(fetching), deadline);
    if (!code) co_return code.error();
    if (*code != 0) {
        StageExit exit;
        exit.code = *code;
        co_return std::move(exit);
    }
    const auto clean = script_number(ScriptPart::kClean);
    std::string text = own ? std::move(parts->clean) : scripts_->git_sources.clear_worktree();
    result = co_await run_script(clean, std::move(text), deadline);
    if (!went_well(result)) co_return std::move(result);
    if (parts->checkout || !own) {
        auto unpacked = co_await unpack(sources, deadline);
        if (!unpacked) co_return unpacked.error();
    }
    const auto after = script_number(ScriptPart::kMain);
    result = co_await run_script(after, std::move(parts->after), deadline);
    co_return std::move(result);
}

base::Task<base::Result<void>> JobRun::unpack(Sources& sources, base::Deadline deadline) {
    const std::string user = setup_.executor->info().user;
    while (true) {
        auto tar = sources.next_archive(executor_);
        if (!tar) co_return tar.error();
        if (!*tar) break;
        auto unpacking = session_->put_tar(directories_->project, std::move(**tar), user);
        auto unpacked = co_await base::run_stoppable(&stop_, std::move(unpacking), deadline);
        if (!unpacked) co_return unpacked.error();
    }
    auto putting =
        session_->put_file(scripts_->split_sources.file_list(), sources.files(), 0666, user);
    auto put = co_await base::run_stoppable(&stop_, std::move(putting), deadline);
    co_return std::move(put);
}

}  // namespace runner::job
