#include "runner/script/cache_commands.hpp"

#include "runner/script/files_request.hpp"
#include "runner/script/runner_program.hpp"

namespace runner::script {

namespace {

/// Minutes; the official default.
constexpr std::string_view kTimeout = "10";

std::string timeout(const ScriptContext& context) {
    const std::string asked = context.variables().get("CACHE_REQUEST_TIMEOUT");
    return asked.empty() ? std::string(kTimeout) : asked;
}

}  // namespace

std::string cache_restore_command(const ScriptContext& context, const std::string& file) {
    if (context.settings().by_driver) {
        RunnerCall call("cache-extractor");
        call.flag("file", file).flag("timeout", timeout(context));
        return call.text();
    }
    FilesRequest request("cache-restore");
    request.add("file", file);
    return request.command(context.settings().helper);
}

std::string cache_save_command(const ScriptContext& context, const protocol::gitlab::Cache& cache,
                               const std::string& file, std::string_view format, bool detailed) {
    if (context.settings().by_driver) {
        // The program reads format and level from the job's variables.
        RunnerCall call("cache-archiver");
        call.flag("file", file).flag("timeout", timeout(context)).selection(cache);
        return call.text();
    }
    FilesRequest request("cache-save");
    request.add("file", file)
        .add("format", format)
        .add("level", context.variables().get("CACHE_COMPRESSION_LEVEL"))
        .add_selection(cache);
    if (detailed) request.add("detailed", "");
    return request.command(context.settings().helper);
}

}  // namespace runner::script
