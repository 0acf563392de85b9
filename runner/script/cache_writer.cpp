#include "runner/script/cache_writer.hpp"

#include <fmt/format.h>

#include <string_view>

#include "base/strings.hpp"
#include "runner/script/archive_rules.hpp"
#include "runner/script/cache_commands.hpp"
#include "runner/script/cache_key.hpp"
#include "runner/script/files_request.hpp"
#include "runner/script/runner_program.hpp"

namespace runner::script {

namespace {

/// Tells runner-helper which of the job's caches the next commands are about; it reports it
/// (executors/helper/stage_report.hpp).
void name_cache(ShellWriter& writer, std::size_t number) {
    writer.line(fmt::format("export RUNNER_CACHE_NUMBER={}", number));
}

/// The format of a cache: "zip", "zipzstd" and "tarzstd", in any case. As with the official runner,
/// everything else makes a zip.
std::string archive_format(ShellWriter& writer, const std::string& asked) {
    std::string format = base::to_lower(asked);
    if (format == "tarzstd" || format == "zipzstd") return format;
    if (!format.empty() && format != "zip") {
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
    const CacheKey key = cache_key(raw, hashes_keys());
    plan.name = {key.key, raw};
    if (!key.warning.empty()) plan.warnings.push_back(key.warning);
    return plan;
}

bool CacheWriter::hashes_keys() const { return context_.variables().feature("FF_HASH_CACHE_KEYS"); }

std::string CacheWriter::file(const Name& name) const {
    const auto& settings = context_.settings();
    // A request to the helper has a path on one line; the object keeps the key as it is.
    return fmt::format("{}/{}/{}/cache.zip", settings.cache_dir, settings.project_slug,
                       base::replace_all(name.key, "\n", " "));
}

std::vector<CacheWriter::Name> CacheWriter::names_to_restore(
    const Cache& cache, const Plan& plan, std::vector<std::string>& warnings) const {
    std::vector<Name> names{plan.name};
    const auto add = [&](const std::string& raw) {
        const CacheKey key = cache_key(raw, hashes_keys());
        if (!key.warning.empty()) warnings.push_back(key.warning);
        if (!raw.empty() && !key.key.empty()) names.push_back({key.key, raw});
    };
    for (const std::string& fallback : cache.fallback_keys) add(fallback);
    const std::string last = context_.variables().get("CACHE_FALLBACK_KEY");
    if (names_protected_caches(last)) {
        warnings.push_back("CACHE_FALLBACK_KEY \"" + last +
                           "\" is not used: it names caches of protected branches");
    } else if (!last.empty()) {
        add(last);
    }
    return names;
}

namespace {

/// Null when there is none.
const CacheLink* link_of(const CacheLinks& links, const std::string& key) {
    const auto found = links.find(key);
    return found == links.end() ? nullptr : &found->second;
}

}  // namespace

void CacheWriter::restore_one(ShellWriter& writer, const std::vector<Name>& names,
                              const CacheLinks& links) const {
    for (const Name& name : names) {
        writer.notice("Checking cache for " + name.shown + "...");
        // The program of a driver's environment says it itself.
        if (!context_.settings().by_driver) {
            writer.print(
                "No URL provided, cache will not be downloaded from shared cache server. Instead "
                "a local version of cache will be extracted.");
        }
        writer.line("if " + cache_restore_command(context_, file(name), link_of(links, name.key)) +
                    "\nthen");
        writer.notice("Successfully extracted cache");
        writer.line("else");
        writer.warning("Failed to extract cache");
    }
    for (std::size_t i = 0; i < names.size(); ++i) writer.line("fi");
}

/// A script that works in the project directory.
void CacheWriter::begin(ShellWriter& writer) const {
    context_.write_preamble(writer);
    writer.line(enter_directory_command(context_.project()));
}

base::Result<std::string> CacheWriter::restore(const CacheLinks& links) const {
    ShellWriter writer;
    begin(writer);
    const std::string& problem = context_.settings().cache_problem;
    if (!problem.empty()) writer.warning("The object storage of caches is not used: " + problem);
    if (context_.settings().by_driver) begin_runner_program(writer, "Extracting cache");
    std::size_t number = 0;
    for (const Cache& cache : context_.payload().cache) {
        name_cache(writer, number++);
        if (!names_files(cache)) continue;
        const auto plan = this->plan(cache);
        if (!plan) return plan.error();
        std::vector<std::string> warnings = plan->warnings;
        std::vector<Name> names;
        if (plan->pulls && !plan->name.key.empty())
            names = names_to_restore(cache, *plan, warnings);
        for (const std::string& warning : warnings) writer.warning(warning);
        if (plan->name.key.empty()) {
            writer.warning("Skipping cache extraction due to empty cache key");
        } else if (!plan->pulls) {
            writer.notice("Not downloading cache " + plan->name.shown + " due to policy");
        } else {
            restore_one(writer, names, links);
        }
    }
    if (context_.settings().by_driver) end_runner_program(writer);
    return context_.finish(writer);
}

std::string CacheWriter::save_command(ShellWriter& writer, const Cache& cache, const Name& name,
                                      bool detailed, const CacheLinks& links) const {
    const auto& variables = context_.variables();
    const std::string format = archive_format(writer, variables.get("CACHE_COMPRESSION_FORMAT"));
    if (context_.settings().by_driver)
        return driver_save_command(context_, cache, file(name), link_of(links, name.key));
    return cache_save_command(context_, cache, file(name), format, detailed);
}

void CacheWriter::archive_one(ShellWriter& writer, const Cache& cache, const Name& name,
                              const CacheLinks& links) const {
    writer.notice("Creating cache " + name.shown + "...");
    writer.line("if " + save_command(writer, cache, name, false, links) + "\nthen");
    if (!context_.settings().by_driver) {
        writer.print(
            "No URL provided, cache will not be uploaded to shared cache server. Cache will be "
            "stored only locally.");
    }
    writer.notice("Created cache");
    writer.line("else");
    writer.warning("Failed to create cache");
    writer.line("fi");
}

base::Result<std::string> CacheWriter::archive(bool success, const CacheLinks& links) const {
    ShellWriter writer;
    context_.write_preamble(writer);
    context_.write_job_umask(writer);
    context_.use_git(writer);
    writer.line("cd " + shell_quote(context_.project()));
    if (context_.settings().by_driver) begin_runner_program(writer, "Creating cache");
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
            archive_one(writer, cache, plan->name, links);
        }
    }
    if (context_.settings().by_driver) end_runner_program(writer);
    return context_.finish(writer);
}

std::string CacheWriter::restore_copy(const Name& name, Copy copy, const std::string& etag) const {
    FilesRequest request("cache-restore");
    request.add("file", file(name));
    if (copy == Copy::kSame || copy == Copy::kFetched) request.add("etag", etag);
    if (copy == Copy::kFetched) request.add("fetched", fetched_file(name));
    if (copy == Copy::kUnsent) request.add("unsent", "");
    ShellWriter writer;
    begin(writer);
    context_.write_job_umask(writer);
    writer.line(request.command(context_.settings().helper));
    return context_.finish(writer);
}

std::string CacheWriter::save(const Cache& cache, const Name& name) const {
    ShellWriter writer;
    context_.write_preamble(writer);
    context_.write_job_umask(writer);
    context_.use_git(writer);
    writer.line("cd " + shell_quote(context_.project()));
    const std::string command = save_command(writer, cache, name, true, {});
    writer.line(command);
    return context_.finish(writer);
}

std::string CacheWriter::note_sent(const Name& name, const std::string& etag) const {
    FilesRequest request("cache-note");
    request.add("file", file(name)).add("etag", etag);
    ShellWriter writer;
    writer.line(request.command(context_.settings().helper));
    return context_.finish(writer);
}

}  // namespace runner::script
