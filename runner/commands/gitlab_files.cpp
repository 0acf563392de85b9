#include "runner/commands/gitlab_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "base/parse.hpp"
#include "base/strings.hpp"
#include "protocol/gitlab/api_url.hpp"
#include "protocol/http/url.hpp"

namespace runner::commands {

using base::percent_encode;
using nlohmann::json;
using pipeline::include::FetchFailure;

namespace {

constexpr int kMostPages = 1000;

std::string project_path(const std::string& project) {
    return "/projects/" + percent_encode(project);
}

/// "message" of GitLab's error answers, "" when there is none.
std::string message_of(const std::string& body) {
    const json answer = json::parse(body, nullptr, false);
    if (!answer.is_object()) return {};
    for (const char* key : {"message", "error"}) {
        const auto found = answer.find(key);
        if (found != answer.end() && found->is_string()) return found->get<std::string>();
    }
    return {};
}

using Version = std::array<unsigned, 3>;

std::optional<Version> parse_version(std::string_view tag) {
    if (tag.starts_with('v')) tag.remove_prefix(1);
    const auto parts = base::split(tag, '.');
    Version version{};
    if (parts.size() != version.size()) return std::nullopt;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto number = base::parse_number<unsigned>(parts[i]);
        if (!number) return std::nullopt;
        version[i] = *number;
    }
    return version;
}

bool begins_with(const Version& version, const std::string& prefix) {
    if (prefix.empty()) return true;
    const auto parts = base::split(prefix, '.');
    for (std::size_t i = 0; i < parts.size() && i < version.size(); ++i) {
        if (parts[i] != std::to_string(version[i])) return false;
    }
    return true;
}

}  // namespace

std::string highest_version(const std::vector<std::string>& tags, const std::string& prefix) {
    std::string highest;
    Version best{};
    for (const std::string& tag : tags) {
        const auto version = parse_version(tag);
        if (!version || !begins_with(*version, prefix)) continue;
        if (!highest.empty() && *version <= best) continue;
        best = *version;
        highest = tag;
    }
    return highest;
}

GitlabFiles::GitlabFiles(WebFetch& web, GitlabAccess access)
    : web_(web), access_(std::move(access)) {
    const auto url = protocol::http::parse_url(access_.url);
    if (url) fqdn_ = url->origin.authority();
}

Obtained GitlabFiles::refusal(const protocol::http::Response& answer,
                              const std::string& address) const {
    Obtained refused;
    const std::string message = message_of(answer.body);
    const bool of_project = answer.status == 404 && message.find("Project") != std::string::npos;
    if (answer.status == 401 || answer.status == 403 || of_project) {
        refused.failure = FetchFailure::kNoProject;
        if (access_.token.empty()) {
            refused.hint = fmt::format(
                "{} was asked without a token; if it exists, give one that may read it, in the "
                "variable GITLAB_TOKEN or with --gitlab-token-file",
                access_.url);
        } else if (!of_project) {
            refused.hint = fmt::format(
                "{} answered {} to the token of GITLAB_TOKEN or "
                "--gitlab-token-file: {}",
                access_.url, answer.status, message);
        }
        return refused;
    }
    if (answer.status == 404) return refused;
    refused.failure = FetchFailure::kUnreachable;
    refused.hint = fmt::format("GET {} answered {} {}", address, answer.status, message);
    return refused;
}

GitlabFiles::Asked GitlabFiles::ask(const std::string& path) {
    Asked asked;
    if (!known()) {
        asked.refused.failure = FetchFailure::kUnreachable;
        asked.refused.hint =
            "no GitLab server is known: this checkout has no remote \"origin\" on a server; give "
            "--gitlab-url, or the files with --include-map";
        return asked;
    }
    const auto api = protocol::gitlab::api_url(access_.url);
    if (!api) {
        asked.refused.failure = FetchFailure::kUnreachable;
        asked.refused.hint = api.error().message;
        return asked;
    }
    protocol::http::Headers headers;
    headers.set("Accept", "application/json");
    if (!access_.token.empty()) headers.set("PRIVATE-TOKEN", access_.token.reveal());
    const std::string address = api->endpoint + api->path + path;
    Attempted attempted = web_.get(address, headers);
    if (!attempted.answer) {
        asked.refused.failure =
            web_.out_of_time() ? FetchFailure::kOutOfTime : FetchFailure::kUnreachable;
        asked.refused.hint =
            fmt::format("{} (the server is from {})", attempted.answer.error().message,
                        access_.where_url_is_from);
        return asked;
    }
    if (attempted.answer->status != 200) {
        asked.refused = refusal(*attempted.answer, address);
        return asked;
    }
    asked.answer.emplace(
        Answer{std::move(attempted.answer->body), std::move(attempted.answer->headers)});
    return asked;
}

Obtained GitlabFiles::commit(const std::string& project, const std::string& ref) {
    auto& kept = commits_[{project, ref}];
    if (kept.text) return kept;
    const std::string name = ref.empty() ? "HEAD" : ref;
    auto asked = ask(project_path(project) + "/repository/commits/" + percent_encode(name));
    if (!asked.answer) {
        kept = std::move(asked.refused);
        if (kept.failure == FetchFailure::kMissing) kept.failure = FetchFailure::kNoReference;
        return kept;
    }
    const json commit = json::parse(asked.answer->body, nullptr, false);
    if (commit.is_object() && commit.contains("id") && commit["id"].is_string()) {
        kept.text = commit["id"].get<std::string>();
    } else {
        kept.failure = FetchFailure::kUnreachable;
        kept.hint = access_.url + " does not answer as GitLab's API does";
    }
    return kept;
}

Obtained GitlabFiles::file(const std::string& project, const std::string& sha,
                           const std::string& path) {
    auto asked = ask(fmt::format("{}/repository/files/{}/raw?ref={}", project_path(project),
                                 percent_encode(path), percent_encode(sha)));
    if (!asked.answer) return asked.refused;
    return {std::move(asked.answer->body), {}, {}};
}

std::optional<std::vector<std::string>> GitlabFiles::tree(const std::string& project,
                                                          const std::string& sha) {
    std::vector<std::string> paths;
    std::string page = "1";
    for (int count = 0; !page.empty() && count < kMostPages; ++count) {
        auto asked =
            ask(fmt::format("{}/repository/tree?recursive=true&per_page=100&ref={}&page={}",
                            project_path(project), percent_encode(sha), page));
        if (!asked.answer) return std::nullopt;
        const json entries = json::parse(asked.answer->body, nullptr, false);
        if (!entries.is_array()) return std::nullopt;
        for (const json& entry : entries) {
            if (!entry.is_object() || entry.value("type", "") != "blob") continue;
            paths.push_back(entry.value("path", ""));
        }
        page = asked.answer->headers.get("X-Next-Page");
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

Obtained GitlabFiles::highest_release(const std::string& project, const std::string& prefix) {
    auto asked = ask(project_path(project) + "/releases?per_page=100");
    if (!asked.answer) return asked.refused;
    const json releases = json::parse(asked.answer->body, nullptr, false);
    std::vector<std::string> tags;
    for (const json& release : releases.is_array() ? releases : json::array()) {
        if (release.is_object()) tags.push_back(release.value("tag_name", ""));
    }
    Obtained found;
    const std::string tag = highest_version(tags, prefix);
    if (!tag.empty()) found.text = tag;
    return found;
}

Obtained GitlabFiles::ci_template(const std::string& name) {
    auto asked = ask("/templates/gitlab_ci_ymls/" + percent_encode(name));
    if (!asked.answer) return asked.refused;
    const json answer = json::parse(asked.answer->body, nullptr, false);
    Obtained found;
    if (answer.is_object() && answer.contains("content") && answer["content"].is_string()) {
        found.text = answer["content"].get<std::string>();
    }
    return found;
}

}  // namespace runner::commands
