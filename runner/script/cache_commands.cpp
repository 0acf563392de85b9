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

/// As officially, the address is an argument: the program has no other way to get it.
void add_link(RunnerCall& call, const ScriptContext& context, const CacheLink* link) {
    if (link == nullptr) return;
    call.flag("url", link->url);
    // Older programs do not know the flag.
    if (context.runner().cache.redact_url) call.flag("redact-url");
}

}  // namespace

std::string cache_restore_command(const ScriptContext& context, const std::string& file,
                                  const CacheLink* link) {
    if (context.settings().by_driver) {
        RunnerCall call("cache-extractor");
        call.flag("file", file).flag("timeout", timeout(context));
        add_link(call, context, link);
        return call.text();
    }
    FilesRequest request("cache-restore");
    request.add("file", file);
    return request.command(context.settings().helper);
}

std::string driver_save_command(const ScriptContext& context, const protocol::gitlab::Cache& cache,
                                const std::string& file, const CacheLink* link) {
    RunnerCall call("cache-archiver");
    call.flag("file", file).flag("timeout", timeout(context));
    const std::int64_t most = context.runner().cache.max_uploaded_archive_size;
    if (link != nullptr && most > 0) call.flag("max-uploaded-archive-size", std::to_string(most));
    add_link(call, context, link);
    if (link != nullptr) {
        for (const auto& [name, value] : link->headers) call.flag("header", name + ": " + value);
    }
    return call.selection(cache).text();
}

std::string cache_save_command(const ScriptContext& context, const protocol::gitlab::Cache& cache,
                               const std::string& file, std::string_view format, bool detailed) {
    FilesRequest request("cache-save");
    request.add("file", file)
        .add("format", format)
        .add("level", context.variables().get("CACHE_COMPRESSION_LEVEL"))
        .add_selection(cache);
    if (detailed) request.add("detailed", "");
    return request.command(context.settings().helper);
}

}  // namespace runner::script
