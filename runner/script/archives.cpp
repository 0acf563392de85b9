#include <fmt/format.h>

#include "base/strings.hpp"
#include "runner/script/cache_key.hpp"
#include "runner/script/stages.hpp"

/// The stages whose work is done by runner-helper in the job's environment: caches, artifacts.
namespace runner::script {

using protocol::gitlab::Artifact;
using protocol::gitlab::Cache;

namespace {

constexpr std::string_view kDocumentEnd = "_RUNNER_FILES";

/// A line of a here-document: the shell replaces variables in it, with all its forms, and nothing
/// else.
std::string expanded_line(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        const bool command = c == '$' && at + 1 < text.size() && text[at + 1] == '(';
        if (c == '\\' || c == '`' || command) out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

/// The same, with nothing replaced.
std::string literal_line(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '`' || c == '$') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

/// What goes to `runner-helper files`. Not as arguments: those are seen by every process of the
/// machine.
class FilesRequest {
  public:
    explicit FilesRequest(std::string_view action) { add("do", action); }

    FilesRequest& add(std::string_view key, std::string_view text) {
        body_ += fmt::format("{} {}\n", key, literal_line(text));
        return *this;
    }
    FilesRequest& add_expanded(std::string_view key, std::string_view text) {
        body_ += fmt::format("{} {}\n", key, expanded_line(text));
        return *this;
    }
    template <typename Files>
    FilesRequest& add_selection(const Files& files) {
        for (const std::string& path : files.paths) add_expanded("path", path);
        if (files.untracked) body_ += "untracked\n";
        return *this;
    }
    /// A command, ready to stand behind "if" or alone.
    [[nodiscard]] std::string command(std::string_view helper) const {
        return fmt::format("{} files <<{}\n{}{}", shell_quote(helper), kDocumentEnd, body_,
                           kDocumentEnd);
    }

  private:
    std::string body_;
};

}  // namespace

/// Policy and key as the job means them.
base::Result<StageWriter::PlannedCache> StageWriter::plan_cache(const Cache& cache) {
    PlannedCache plan;
    const std::string policy = variables_.expand(cache.policy);
    plan.pulls = policy.empty() || policy == "pull-push" || policy == "pull";
    plan.pushes = policy.empty() || policy == "pull-push" || policy == "push";
    std::string raw = variables_.expand(cache.key);
    if (raw.empty()) raw = payload_.job_info.name + "/" + payload_.git_info.ref;
    if (!plan.pulls && !plan.pushes) {
        return base::make_error(base::ErrorKind::kConfiguration,
                                fmt::format("unknown cache policy {} for {}", policy, raw));
    }
    plan.shown = raw;
    const CacheKey key = cache_key(raw, variables_.feature("FF_HASH_CACHE_KEYS"));
    plan.key = key.key;
    plan.warning = key.warning;
    return plan;
}

std::string StageWriter::cache_file(const std::string& key) const {
    return fmt::format("{}/{}/{}/cache.zip", facts_.cache_dir, facts_.project_slug, key);
}

/// The names to look under, in their order: the key's own, then the fallbacks.
std::vector<StageWriter::PlannedCache> StageWriter::cache_names(ShellWriter& writer,
                                                                const Cache& cache,
                                                                const PlannedCache& own) const {
    const bool hashed = variables_.feature("FF_HASH_CACHE_KEYS");
    std::vector<PlannedCache> names{own};
    const auto add = [&](const std::string& raw) {
        const CacheKey key = cache_key(raw, hashed);
        if (!key.warning.empty()) writer.warning(key.warning);
        if (raw.empty() || key.key.empty()) return;
        names.push_back(
            {.key = key.key, .shown = raw, .warning = {}, .pulls = true, .pushes = false});
    };
    for (const std::string& fallback : cache.fallback_keys) add(variables_.expand(fallback));
    const std::string last = variables_.get("CACHE_FALLBACK_KEY");
    std::string_view bare = last;
    while (!bare.empty() && (bare.back() == '.' || bare.back() == ' ')) bare.remove_suffix(1);
    if (bare.ends_with("-protected")) {
        writer.warning("CACHE_FALLBACK_KEY \"" + last +
                       "\" is not used: it names caches of protected branches");
    } else if (!last.empty()) {
        add(last);
    }
    return names;
}

void StageWriter::restore_one_cache(ShellWriter& writer, const Cache& cache,
                                    const PlannedCache& own) {
    const auto names = cache_names(writer, cache, own);
    for (const PlannedCache& name : names) {
        writer.notice("Checking cache for " + name.shown + "...");
        writer.print(
            "No URL provided, cache will not be downloaded from shared cache server. Instead a "
            "local "
            "version of cache will be extracted.");
        const FilesRequest request =
            FilesRequest("cache-restore").add("file", cache_file(name.key));
        writer.line("if " + request.command(facts_.helper) + "\nthen");
        writer.notice("Successfully extracted cache");
        writer.line("else");
        writer.warning("Failed to extract cache");
    }
    for (std::size_t i = 0; i < names.size(); ++i) writer.line("fi");
}

base::Result<std::string> StageWriter::restore_cache() {
    ShellWriter writer;
    preamble(writer);
    writer.line("mkdir -p " + shell_quote(project()) + " && cd " + shell_quote(project()));
    for (const Cache& cache : payload_.cache) {
        if (!names_files(cache)) continue;
        const auto plan = plan_cache(cache);
        if (!plan) return plan.error();
        if (!plan->warning.empty()) writer.warning(plan->warning);
        if (plan->key.empty()) {
            writer.warning("Skipping cache extraction due to empty cache key");
        } else if (!plan->pulls) {
            writer.notice("Not downloading cache " + plan->shown + " due to policy");
        } else {
            restore_one_cache(writer, cache, *plan);
        }
    }
    return finish(writer);
}

base::Result<std::string> StageWriter::archive_cache(bool success) {
    ShellWriter writer;
    preamble(writer);
    if (opens_files()) writer.line("umask 0000");
    writer.line("cd " + shell_quote(project()));
    for (const Cache& cache : payload_.cache) {
        if (!names_files(cache) || !matches_outcome(cache.when, success)) continue;
        const auto plan = plan_cache(cache);
        if (!plan) return plan.error();
        if (plan->key.empty()) {
            writer.warning("Skipping cache archiving due to empty cache key");
            continue;
        }
        if (!plan->pushes) {
            writer.notice("Not uploading cache " + plan->shown + " due to policy");
            continue;
        }
        writer.notice("Creating cache " + plan->shown + "...");
        const std::string format = variables_.get("CACHE_COMPRESSION_FORMAT");
        const FilesRequest request = FilesRequest("cache-save")
                                         .add("file", cache_file(plan->key))
                                         .add("format", format == "zipzstd" ? "zip" : format)
                                         .add("level", variables_.get("CACHE_COMPRESSION_LEVEL"))
                                         .add_selection(cache);
        writer.line("if " + request.command(facts_.helper) + "\nthen");
        writer.print(
            "No URL provided, cache will not be uploaded to shared cache server. Cache will be "
            "stored "
            "only locally.");
        writer.notice("Created cache");
        writer.line("else");
        writer.warning("Failed to create cache");
        writer.line("fi");
    }
    return finish(writer);
}

std::string StageWriter::package_path(std::size_t index) const {
    return fmt::format("{}/artifacts-{}", tmp(), index);
}

std::string StageWriter::pack_artifact(const Artifact& artifact, std::size_t index) {
    ShellWriter writer;
    preamble(writer);
    writer.line("cd " + shell_quote(project()));
    writer.notice("Uploading artifacts...");
    FilesRequest request("archive");
    request.add("output", package_path(index))
        .add("format", artifact.artifact_format)
        .add("level", variables_.get("ARTIFACT_COMPRESSION_LEVEL"))
        .add_expanded("name", artifact.name.empty() ? "artifacts" : artifact.name)
        .add_selection(artifact);
    for (const std::string& pattern : artifact.exclude) request.add_expanded("exclude", pattern);
    writer.line(request.command(facts_.helper));
    return finish(writer);
}

std::string StageWriter::dependency_path(std::int64_t job_id) const {
    return fmt::format("{}/dependency-{}", tmp(), job_id);
}

std::string StageWriter::extract_dependency(std::int64_t job_id) {
    ShellWriter writer;
    writer.line("mkdir -p " + shell_quote(project()) + " && cd " + shell_quote(project()));
    writer.line(
        FilesRequest("extract").add("file", dependency_path(job_id)).command(facts_.helper));
    return finish(writer);
}

}  // namespace runner::script
