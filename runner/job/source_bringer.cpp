#include "runner/job/source_bringer.hpp"

#include <utility>

#include "base/stop_source.hpp"
#include "runner/job/stage_numbers.hpp"

namespace runner::job {

using executors::session::StageExit;

namespace {

bool went_well(const StageResult& result) {
    return result && result->code == 0 && result->reason == StageExit::Reason::kExited;
}

}  // namespace

bool SourceBringer::is_needed() const { return writers_.context.settings().sources_by_daemon; }

base::Task<StageResult> SourceBringer::bring(base::Deadline deadline) {
    auto parts = writers_.brought_sources.parts();
    if (!parts) co_return parts.error();
    context_.log_variable_warnings();
    const auto& checkpoint = context_.checkpoint();
    auto result = co_await scripts_.run(script_number(checkpoint, ScriptPart::kBefore),
                                        std::move(parts->before), deadline);
    if (!went_well(result)) co_return std::move(result);
    context_.channel().end_output();
    Sources& sources = *context_.setup.sources;
    result = co_await fetch(sources, deadline);
    if (!went_well(result)) co_return std::move(result);
    std::string clear = writers_.git_sources.clear_worktree();
    result = co_await scripts_.run(script_number(checkpoint, ScriptPart::kClean), std::move(clear),
                                   deadline);
    if (!went_well(result)) co_return std::move(result);
    auto unpacked = co_await unpack(sources, deadline);
    if (!unpacked) co_return unpacked.error();
    result = co_await scripts_.run(script_number(checkpoint, ScriptPart::kMain),
                                   std::move(parts->after), deadline);
    co_return std::move(result);
}

base::Task<StageResult> SourceBringer::fetch(Sources& sources, base::Deadline deadline) {
    auto fetching = sources.fetch(context_.log());
    auto code = co_await base::run_stoppable(&context_.stop, std::move(fetching), deadline);
    if (!code) co_return code.error();
    StageExit exit;
    exit.code = *code;
    co_return std::move(exit);
}

base::Task<base::Result<void>> SourceBringer::unpack(Sources& sources, base::Deadline deadline) {
    const std::string user = context_.executor().info().user;
    auto& session = scripts_.session();
    while (true) {
        auto tar = sources.next_archive(context_.io);
        if (!tar) co_return tar.error();
        if (!*tar) break;
        auto unpacking = session.put_tar(context_.directories->project, std::move(**tar), user);
        auto unpacked =
            co_await base::run_stoppable(&context_.stop, std::move(unpacking), deadline);
        if (!unpacked) co_return unpacked.error();
    }
    co_return base::Result<void>();
}

}  // namespace runner::job
