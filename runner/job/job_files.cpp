#include "runner/job/daemon_sources.hpp"
#include "runner/job/job_run.hpp"

namespace runner::job {

bool JobRun::sources_by_daemon() const {
    return setup_.sources || !setup_.executor->info().has_git;
}

std::unique_ptr<Sources> JobRun::repository_sources() {
    const auto& git = setup_.payload.git_info;
    SourcesRequest request;
    request.directory = setup_.journal.directory() / "sources";
    request.url_with_credentials = writer_->remote_url_with_credentials();
    request.refspecs = git.refspecs;
    request.sha = git.sha;
    request.ref = git.ref;
    request.object_format = git.repo_object_format;
    request.depth = git.depth;
    request.ca_file_content = setup_.ca_chain;
    return std::make_unique<DaemonSources>(std::move(request));
}

/// For an image without git, and for sources that no git server has: the daemon brings the tree,
/// the supervisor unpacks it.
base::Task<base::Result<void>> JobRun::unpack_sources() {
    const auto strategy = writer_->strategy();
    if (strategy == script::GitStrategy::kNone || strategy == script::GitStrategy::kEmpty) {
        co_return base::Result<void>();
    }
    std::unique_ptr<Sources> own;
    if (!setup_.sources) own = repository_sources();
    Sources& sources = own ? *own : *setup_.sources;
    auto fetching = sources.fetch(log());
    auto fetched = co_await base::run_stoppable(&stop_, std::move(fetching), job_deadline());
    if (!fetched) co_return fetched.error();
    const auto clearing = script_number(true);
    auto cleared = co_await run_script(clearing, writer_->clear_worktree(), job_deadline());
    if (!cleared) co_return cleared.error();
    auto tar = sources.archive(executor_);
    if (!tar) co_return tar.error();
    const std::string user = setup_.executor->info().user;
    auto making = session_->make_directory(directories_->project, 0, user);
    auto made = co_await base::run_stoppable(&stop_, std::move(making), job_deadline());
    if (!made) co_return made.error();
    auto unpacking = session_->put_tar(directories_->project, std::move(*tar), user);
    auto unpacked = co_await base::run_stoppable(&stop_, std::move(unpacking), job_deadline());
    co_return std::move(unpacked);
}

}  // namespace runner::job
