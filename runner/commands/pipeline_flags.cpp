#include "runner/commands/pipeline_flags.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "base/strings.hpp"

namespace runner::commands {

namespace fs = std::filesystem;

namespace {

constexpr const char* kSources[] = {"push",
                                    "web",
                                    "trigger",
                                    "schedule",
                                    "api",
                                    "external",
                                    "pipeline",
                                    "chat",
                                    "webide",
                                    kMergeRequestSource,
                                    "external_pull_request_event",
                                    "parent_pipeline",
                                    "ondemand_dast_scan",
                                    "ondemand_dast_validation",
                                    "security_orchestration_policy",
                                    "container_registry_push",
                                    "duo_workflow",
                                    "pipeline_execution_policy_schedule",
                                    "dependency_management_security_update",
                                    "unknown"};

}  // namespace

std::vector<Flag> pipeline_flags() {
    return {
        text_flag({"ref"}, "NAME", "branch or tag of the pipeline; default: what is checked out"),
        bool_flag({"tag"}, "the ref is a tag"),
        text_flag({"source"}, "SOURCE", "push, web, schedule, api, trigger, …; default push"),
        bool_flag({"merge-request"}, "a merge request of the ref into --target"),
        text_flag({"target"}, "BRANCH", "target of the merge request; default: the default branch"),
        list_flag({"var"}, "NAME=VALUE", "a variable given for this pipeline; repeatable"),
        list_flag({"input"}, "NAME=VALUE", "a value for spec:inputs; repeatable"),
        list_flag(
            {"changed"}, "PATH",
            "a changed file, for rules:changes, instead of asking git; repeatable; \"\": nothing "
            "changed"),
        text_flag({"root"}, "DIRECTORY", "where include:local begins; default: the checkout's top"),
        text_flag({"edition"}, "ee|ce", "ce refuses the keywords of paid tiers; default ee"),
        text_flag(
            {"gitlab-url"}, "URL",
            "the GitLab that projects, components and templates are read from; default: the remote "
            "origin's",
            "GITLAB_URL"),
        text_flag({"gitlab-token-file"}, "FILE",
                  "file (0600) with an access token for it; without it, the variable GITLAB_TOKEN"),
        text_flag({"tls-ca-file"}, "FILE", "certificates to trust besides the system's"),
        list_flag(
            {"include-map"}, "PROJECT=DIRECTORY",
            "read a project's files from this machine; `template` stands for GitLab's templates; "
            "repeatable"),
    };
}

base::Result<pipeline::variables::Collection> pairs_of(const Values& values,
                                                       const std::string& flag) {
    pipeline::variables::Collection all;
    for (const std::string& pair : values.list(flag)) {
        const std::size_t sign = pair.find('=');
        if (sign == std::string::npos || sign == 0) {
            return base::invalid_input(fmt::format("--{} wants NAME=VALUE", flag));
        }
        all.set(pair.substr(0, sign), pair.substr(sign + 1));
    }
    return all;
}

base::Result<std::string> source_of(const Values& values) {
    std::string source = values.text("source");
    const bool merge_request = values.flag("merge-request");
    if (source.empty()) return std::string(merge_request ? kMergeRequestSource : "push");
    const std::vector<std::string> known(std::begin(kSources), std::end(kSources));
    if (std::find(known.begin(), known.end(), source) == known.end()) {
        const std::string near = base::nearest(source, known);
        return base::invalid_input(
            fmt::format("--source {} is none of GitLab's pipeline sources{}", source,
                        near.empty() ? "" : fmt::format("; did you mean {}?", near)));
    }
    if (merge_request && source != kMergeRequestSource) {
        return base::invalid_input(
            fmt::format("--merge-request means --source {}, not {}", kMergeRequestSource, source));
    }
    return source;
}

base::Result<base::Secret> gitlab_token_of(const Values& values) {
    if (!values.has("gitlab-token-file")) {
        const char* token = std::getenv("GITLAB_TOKEN");
        return base::Secret(token == nullptr ? "" : token);
    }
    const std::string path = values.text("gitlab-token-file");
    struct stat status {};
    if (path != "-" && ::stat(path.c_str(), &status) == 0 && (status.st_mode & 077U) != 0) {
        return base::invalid_input(
            fmt::format("--gitlab-token-file {0}: others on this machine may read it: "
                        "chmod 600 {0}",
                        path));
    }
    auto token = read_secret_file(path);
    if (!token) return token.error().with_context("--gitlab-token-file");
    return base::Secret(std::move(*token));
}

base::Result<std::map<std::string, fs::path>> include_map_of(const Values& values) {
    std::map<std::string, fs::path> map;
    for (const std::string& pair : values.list("include-map")) {
        const std::size_t sign = pair.find('=');
        if (sign == std::string::npos || sign == 0) {
            return base::invalid_input(
                "--include-map wants PROJECT=DIRECTORY, or template=DIRECTORY");
        }
        const std::string directory = pair.substr(sign + 1);
        std::error_code error;
        if (!fs::is_directory(directory, error)) {
            return base::invalid_input(fmt::format("--include-map {}: {} is no directory",
                                                   pair.substr(0, sign), directory));
        }
        map[pair.substr(0, sign)] = directory;
    }
    return map;
}

}  // namespace runner::commands
