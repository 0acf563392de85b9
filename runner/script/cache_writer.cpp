#include "runner/script/cache_writer.hpp"

#include <fmt/format.h>

#include <string_view>

#include "base/strings.hpp"
#include "runner/script/archive_rules.hpp"
#include "runner/script/cache_key.hpp"
#include "runner/script/files_request.hpp"

namespace runner::script {

using protocol::gitlab::Cache;

namespace {

/// Tells runner-helper which of the job's caches the next commands are about; it reports it
/// (executors/helper/stage_report.hpp).
void name_cache(ShellWriter& writer, std::size_t number) {
    writer.line(fmt::format("export RUNNER_CACHE_NUMBER={}", number));
}

/// The format of a cache. The official runner knows "zip" and "tarzstd", in any case, and makes a
/// zip of everything else.
std::string archive_format(ShellWriter& writer, const std::string& asked) {
    const std::string format = base::to_lower(asked);
    if (format == "tarzstd") return format;
    if (!format.empty() && format != "zip" && format != "zipzstd") {
        writer.warning("CACHE_COMPRESSION_FORMAT \"" + asked +
                       "\" is not a format of caches, zip is used");
    }
    return "zip";
}

/// Whether a fallback would read the caches of protected branches. Dots and spaces at the end do
/// not count: they are not part of the path.
bool names_protected_caches(std::string_view fallback) {
    while (fallback.ends_with('.') || fallback.ends_with(' ')) fallback.remove_suffix(1);
    return fallback.ends_with("-protected");
}

}  // namespace

base::Result<CacheWriter::Plan> CacheWriter::plan(const Cache& cache) const {
    const std::string& policy = cache.policy;
    Plan plan;
    plan.pulls = policy.empty() || policy == "pull-push" || policy == "pull";
    plan.pushes = policy.empty() || policy == "pull-push" || policy == "push";
    std::string raw = cache.key;
    const auto& payload = context_.payload();
    if (raw.empty()) raw = payload.job_info.name + "/" + payload.git_info.ref;
    if (!plan.pulls && !plan.pushes) {
        return base::make_error(base::ErrorKind::kConfiguration,
                                fmt::format("unknown cache policy {} for {}", policy, raw));
    }
    const CacheKey key = cache_key(raw, context_.variables().feature("FF_HASH_CACHE_KEYS"));
    plan.name = {key.key, raw};
    plan.warning = key.warning;
    return plan;
}

std::string CacheWriter::file(const Name& name) const {
    const auto& settings = context_.settings();
    return fmt::format("{}/{}/{}/cache.zip", settings.cache_dir, settings.project_slug, name.key);
}

/// In the order in which they are tried: the cache's own name, then the fallbacks.
std::vector<CacheWriter::Name> CacheWriter::names_to_restore(ShellWriter& writer,
                                                             const Cache& cache,
                                                             const Name& own) const {
    const auto& variables = context_.variables();
    const bool hashed = variables.feature("FF_HASH_CACHE_KEYS");
    std::vector<Name> names{own};
    const auto add = [&](const std::string& raw) {
        const CacheKey key = cache_key(raw, hashed);
        if (!key.warning.empty()) writer.warning(key.warning);
        if (!raw.empty() && !key.key.empty()) names.push_back({key.key, raw});
    };
    for (const std::string& fallback : cache.fallback_keys) add(fallback);
    const std::string last = variables.get("CACHE_FALLBACK_KEY");
    if (names_protected_caches(last)) {
        writer.warning("CACHE_FALLBACK_KEY \"" + last +
                       "\" is not used: it names caches of protected branches");
    } else if (!last.empty()) {
        add(last);
    }
    return names;
}

void CacheWriter::restore_one(ShellWriter& writer, const std::vector<Name>& names) const {
    for (const Name& name : names) {
        writer.notice("Checking cache for " + name.shown + "...");
        writer.print(
            "No URL provided, cache will not be downloaded from shared cache server. Instead a "
            "local version of cache will be extracted.");
        FilesRequest request("cache-restore");
        request.add("file", file(name));
        writer.line("if " + request.command(context_.settings().helper) + "\nthen");
        writer.notice("Successfully extracted cache");
        writer.line("else");
        writer.warning("Failed to extract cache");
    }
    for (std::size_t i = 0; i < names.size(); ++i) writer.line("fi");
}

base::Result<std::string> CacheWriter::restore() const {
    const std::string project = shell_quote(context_.project());
    ShellWriter writer;
    context_.write_preamble(writer);
    writer.line("mkdir -p " + project + " && cd " + project);
    std::size_t number = 0;
    for (const Cache& cache : context_.payload().cache) {
        name_cache(writer, number++);
        if (!names_files(cache)) continue;
        const auto plan = this->plan(cache);
        if (!plan) return plan.error();
        if (!plan->warning.empty()) writer.warning(plan->warning);
        if (plan->name.key.empty()) {
            writer.warning("Skipping cache extraction due to empty cache key");
        } else if (!plan->pulls) {
            writer.notice("Not downloading cache " + plan->name.shown + " due to policy");
        } else {
            restore_one(writer, names_to_restore(writer, cache, plan->name));
        }
    }
    return context_.finish(writer);
}

void CacheWriter::archive_one(ShellWriter& writer, const Cache& cache, const Name& name) const {
    const auto& variables = context_.variables();
    writer.notice("Creating cache " + name.shown + "...");
    FilesRequest request("cache-save");
    request.add("file", file(name))
        .add("format", archive_format(writer, variables.get("CACHE_COMPRESSION_FORMAT")))
        .add("level", variables.get("CACHE_COMPRESSION_LEVEL"))
        .add_selection(cache);
    writer.line("if " + request.command(context_.settings().helper) + "\nthen");
    writer.print(
        "No URL provided, cache will not be uploaded to shared cache server. Cache will be stored "
        "only locally.");
    writer.notice("Created cache");
    writer.line("else");
    writer.warning("Failed to create cache");
    writer.line("fi");
}

base::Result<std::string> CacheWriter::archive(bool success) const {
    ShellWriter writer;
    context_.write_preamble(writer);
    context_.write_job_umask(writer);
    writer.line("cd " + shell_quote(context_.project()));
    std::size_t number = 0;
    for (const Cache& cache : context_.payload().cache) {
        name_cache(writer, number++);
        if (!names_files(cache) || !matches_outcome(cache.when, success)) continue;
        const auto plan = this->plan(cache);
        if (!plan) return plan.error();
        if (plan->name.key.empty()) {
            writer.warning("Skipping cache archiving due to empty cache key");
        } else if (!plan->pushes) {
            writer.notice("Not uploading cache " + plan->name.shown + " due to policy");
        } else {
            archive_one(writer, cache, plan->name);
        }
    }
    return context_.finish(writer);
}

}  // namespace runner::script
