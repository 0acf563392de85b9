#include "runner/local/payload_files.hpp"

#include <algorithm>
#include <set>

#include "base/digest.hpp"
#include "base/strings.hpp"
#include "runner/local/keyword_values.hpp"
#include "runner/pipeline/glob/path_glob.hpp"

namespace runner::local {

namespace gitlab = protocol::gitlab;
using pipeline::plan::Job;
using pipeline::yaml::Value;

namespace {

/// The directory that a pages job publishes; "" for any other job.
std::string published_by(const Job& job) {
    const Value* pages = job.value.given("pages");
    const bool is_pages =
        pages != nullptr ? !pages->is_bool() || pages->as_bool() : job.name == "pages";
    if (!is_pages) return {};
    const Value* publish = pages == nullptr ? nullptr : pages->given("publish");
    if (publish == nullptr) publish = job.value.given("publish");
    return publish == nullptr ? "public" : publish->to_text();
}

gitlab::Artifact archive_of(const Job& job) {
    gitlab::Artifact archive;
    archive.artifact_type = "archive";
    archive.artifact_format = "zip";
    archive.when = "on_success";
    if (const Value* written = job.value.given("artifacts")) {
        archive.paths = texts_of(written->given("paths"));
        archive.exclude = texts_of(written->given("exclude"));
        archive.name = text_of(written->given("name"));
        archive.expire_in = text_of(written->given("expire_in"));
        archive.untracked = is_true(written->given("untracked"));
        if (const Value* when = written->given("when")) archive.when = when->to_text();
    }
    const std::string published = published_by(job);
    const bool there =
        std::find(archive.paths.begin(), archive.paths.end(), published) != archive.paths.end();
    if (!published.empty() && !there) archive.paths.push_back(published);
    return archive;
}

/// The key follows the content of the files (ci-yaml.md §2.11), uncommitted changes included.
std::string key_by_files(const Value& key, const PayloadRequest& request) {
    const Value* named = key.given("files");
    if (named == nullptr) named = key.given("files_commits");
    std::set<std::string> ids;
    for (const std::string& pattern : texts_of(named)) {
        const pipeline::glob::PathGlob glob(pattern);
        if (request.files == nullptr) break;
        for (const std::string& path : *request.files) {
            if (glob.matches(path)) ids.insert(request.blob_id(path));
        }
    }
    ids.erase("");
    const std::string joined = base::join(std::vector<std::string>(ids.begin(), ids.end()), "-");
    const std::string hash = ids.empty() ? "default" : base::sha1_hex(joined);
    const Value* prefix = key.given("prefix");
    return prefix == nullptr ? hash : prefix->to_text() + "-" + hash;
}

void collect_caches(const Value& value, const PayloadRequest& request,
                    std::vector<gitlab::Cache>& caches) {
    if (value.is_list()) {
        for (const Value& item : value.items()) collect_caches(item, request, caches);
        return;
    }
    if (!value.is_map()) return;
    gitlab::Cache cache;
    const Value* key = value.given("key");
    cache.key = key == nullptr  ? "default"
                : key->is_map() ? key_by_files(*key, request)
                                : key->to_text();
    cache.fallback_keys = texts_of(value.given("fallback_keys"));
    cache.paths = texts_of(value.given("paths"));
    cache.untracked = is_true(value.given("untracked"));
    cache.policy = text_of(value.given("policy"));
    cache.when = text_of(value.given("when"));
    if (!cache.paths.empty() || cache.untracked) caches.push_back(std::move(cache));
}

}  // namespace

std::vector<std::string> report_paths(const Job& job, const std::string& type) {
    const Value* artifacts = job.value.given("artifacts");
    const Value* reports = artifacts == nullptr ? nullptr : artifacts->given("reports");
    return reports == nullptr ? std::vector<std::string>() : texts_of(reports->given(type));
}

std::vector<gitlab::Artifact> artifacts_of(const Job& job) {
    std::vector<gitlab::Artifact> all;
    gitlab::Artifact archive = archive_of(job);
    if (!archive.paths.empty() || archive.untracked) all.push_back(std::move(archive));
    auto dotenv = report_paths(job, "dotenv");
    if (!dotenv.empty()) {
        gitlab::Artifact report;
        report.paths = std::move(dotenv);
        report.name = ".env";
        report.artifact_type = "dotenv";
        report.artifact_format = "gzip";
        report.when = "always";
        all.push_back(std::move(report));
    }
    return all;
}

std::vector<gitlab::Cache> caches_of(const Job& job, const PayloadRequest& request) {
    std::vector<gitlab::Cache> caches;
    if (const Value* cache = job.value.given("cache")) collect_caches(*cache, request, caches);
    return caches;
}

}  // namespace runner::local
