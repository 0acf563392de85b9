#include "runner/pipeline/variables/predefined.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/strings.hpp"
#include "base/version.hpp"
#include "runner/pipeline/variables/slug.hpp"

namespace runner::pipeline::variables {
namespace {

constexpr std::size_t kMessageBytes = 100'000;
constexpr std::size_t kTitleLength = 100;
const std::string kNoCommit(40, '0');

/// A number in the place of an id that only a server can give. Equal texts have equal numbers.
std::string stable_id(const std::string& text) {
    std::uint32_t hash = 2'166'136'261U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
    return std::to_string(hash % 1'000'000'000U + 1);
}

std::string before(const std::string& text, char sign) { return text.substr(0, text.rfind(sign)); }

void add_server(Collection& all, const Remote& remote) {
    const bool default_port = remote.port == "443" || remote.port == "80";
    const std::string fqdn = default_port ? remote.host : remote.host + ":" + remote.port;
    const std::string url = remote.protocol + "://" + fqdn;
    all.set("CI_SERVER_HOST", remote.host);
    all.set("CI_SERVER_PORT", remote.port);
    all.set("CI_SERVER_PROTOCOL", remote.protocol);
    all.set("CI_SERVER_FQDN", fqdn);
    all.set("CI_SERVER_URL", url);
    all.set("CI_SERVER_SHELL_SSH_HOST", remote.ssh_host.empty() ? remote.host : remote.ssh_host);
    all.set("CI_SERVER_SHELL_SSH_PORT", remote.ssh_port);
    all.set("CI_SERVER_NAME", "GitLab");
    const std::string version(base::compatible_version());
    const auto parts = base::split(version, '.');
    all.set("CI_SERVER_VERSION", version);
    all.set("CI_SERVER_REVISION", "local");
    const char* const names[] = {"CI_SERVER_VERSION_MAJOR", "CI_SERVER_VERSION_MINOR",
                                 "CI_SERVER_VERSION_PATCH"};
    for (std::size_t i = 0; i < std::min<std::size_t>(parts.size(), 3); ++i) {
        all.set(names[i], parts[i]);
    }
    all.set("CI_API_V4_URL", url + "/api/v4");
    all.set("CI_API_GRAPHQL_URL", url + "/api/graphql");
    all.set("CI_TEMPLATE_REGISTRY_HOST", "registry.gitlab.com");
}

/// The URL under which GitLab would publish the project's Pages site: the host name is the name of
/// the root group, followed by the Pages domain.
void add_pages(Collection& all, const Remote& remote, const std::string& path) {
    const std::size_t slash = path.find('/');
    const std::string domain = "pages." + remote.host;
    const std::string hostname = path.substr(0, slash) + "." + domain;
    const std::string rest = slash == std::string::npos ? std::string{} : path.substr(slash);
    all.set("CI_PAGES_DOMAIN", domain);
    all.set("CI_PAGES_HOSTNAME", hostname);
    all.set("CI_PAGES_URL", remote.protocol + "://" + hostname + rest);
}

void add_project(Collection& all, const Remote& remote, const Checkout& checkout,
                 const Event& event) {
    const std::string path = remote.path;
    const std::size_t slash = path.rfind('/');
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    const std::string space = slash == std::string::npos ? std::string{} : path.substr(0, slash);
    const std::string url = std::string(*all.value("CI_SERVER_URL")) + "/" + path;
    all.set("CI_PROJECT_ID", stable_id(url));
    all.set("CI_PROJECT_NAME", name);
    all.set("CI_PROJECT_TITLE", name);
    all.set("CI_PROJECT_DESCRIPTION", "");
    all.set("CI_PROJECT_PATH", path);
    all.set("CI_PROJECT_PATH_SLUG", slug(path));
    all.set("CI_PROJECT_NAMESPACE", space);
    all.set("CI_PROJECT_NAMESPACE_SLUG", slug(space));
    all.set("CI_PROJECT_NAMESPACE_ID", stable_id(space));
    all.set("CI_PROJECT_ROOT_NAMESPACE", space.substr(0, space.find('/')));
    all.set("CI_PROJECT_URL", url);
    all.set("CI_PROJECT_VISIBILITY", "private");
    all.set("CI_PROJECT_REPOSITORY_LANGUAGES", "");
    all.set("CI_PROJECT_CLASSIFICATION_LABEL", "");
    all.set("CI_DEFAULT_BRANCH", checkout.default_branch);
    all.set("CI_CONFIG_PATH", event.config_path);
    all.set("CI_CONFIG_REF_URI",
            fmt::format("{}/{}//{}@refs/{}/{}", *all.value("CI_SERVER_FQDN"), path,
                        event.config_path, checkout.is_tag ? "tags" : "heads", checkout.ref));
    add_pages(all, remote, path);
    all.set("GITLAB_FEATURES", "");
    all.set("GITLAB_USER_NAME", checkout.user_name);
    all.set("GITLAB_USER_EMAIL", checkout.user_email);
    all.set("GITLAB_USER_LOGIN", before(checkout.user_email, '@'));
    all.set("GITLAB_USER_ID", "1");
}

void add_message(Collection& all, const Checkout& checkout) {
    const std::string& message = checkout.message;
    const std::size_t line_end = message.find('\n');
    const std::string title = message.substr(0, line_end);
    std::string rest;
    if (title.size() >= kTitleLength) {
        rest = message;
    } else if (line_end != std::string::npos) {
        rest = base::trim(std::string_view(message).substr(line_end));
    }
    all.set("CI_COMMIT_MESSAGE", message.substr(0, kMessageBytes));
    all.set("CI_COMMIT_MESSAGE_IS_TRUNCATED", message.size() > kMessageBytes ? "true" : "false");
    all.set("CI_COMMIT_TITLE", title);
    all.set("CI_COMMIT_DESCRIPTION", rest);
}

void add_commit(Collection& all, const Checkout& checkout, const Event& event) {
    const bool merge_request = event.merge_request.has_value();
    all.set("CI_COMMIT_SHA", checkout.sha);
    all.set("CI_COMMIT_SHORT_SHA", checkout.sha.substr(0, 8));
    const bool push = event.source == "push" && !checkout.is_tag && !merge_request;
    all.set("CI_COMMIT_BEFORE_SHA",
            push && !checkout.before_sha.empty() ? checkout.before_sha : kNoCommit);
    all.set("CI_COMMIT_REF_NAME", checkout.ref);
    all.set("CI_COMMIT_REF_SLUG", slug(checkout.ref));
    if (checkout.is_tag) {
        all.set("CI_COMMIT_TAG", checkout.ref);
        all.set("CI_COMMIT_TAG_MESSAGE", checkout.tag_message);
    } else if (!merge_request) {
        all.set("CI_COMMIT_BRANCH", checkout.ref);
    }
    add_message(all, checkout);
    all.set("CI_COMMIT_TIMESTAMP", checkout.timestamp);
    all.set("CI_COMMIT_AUTHOR", checkout.author);
    all.set("CI_COMMIT_USER_LOGIN", "");
    all.set("CI_COMMIT_REF_PROTECTED", event.protected_ref ? "true" : "false");
}

void add_merge_request(Collection& all, const MergeRequest& request) {
    const std::string path(*all.value("CI_PROJECT_PATH"));
    const std::string url(*all.value("CI_PROJECT_URL"));
    const std::string id(*all.value("CI_PROJECT_ID"));
    // The project's settings are not known. Only the default branch counts as protected.
    const std::string default_branch(*all.value("CI_DEFAULT_BRANCH"));
    all.set("CI_MERGE_REQUEST_ID", request.iid);
    all.set("CI_MERGE_REQUEST_IID", request.iid);
    all.set("CI_MERGE_REQUEST_REF_PATH", "refs/merge-requests/" + request.iid + "/head");
    all.set("CI_MERGE_REQUEST_PROJECT_ID", id);
    all.set("CI_MERGE_REQUEST_PROJECT_PATH", path);
    all.set("CI_MERGE_REQUEST_PROJECT_URL", url);
    all.set("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", id);
    all.set("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", path);
    all.set("CI_MERGE_REQUEST_SOURCE_PROJECT_URL", url);
    all.set("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", request.source_branch);
    all.set("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "");
    all.set("CI_MERGE_REQUEST_SOURCE_BRANCH_PROTECTED",
            request.source_branch == default_branch ? "true" : "false");
    all.set("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", request.target_branch);
    all.set("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "");
    all.set("CI_MERGE_REQUEST_TARGET_BRANCH_PROTECTED",
            request.target_branch == default_branch ? "true" : "false");
    all.set("CI_MERGE_REQUEST_DIFF_BASE_SHA", request.target_sha);
    all.set("CI_MERGE_REQUEST_DIFF_ID", "1");
    all.set("CI_MERGE_REQUEST_EVENT_TYPE", "detached");
    all.set("CI_MERGE_REQUEST_TITLE", std::string(*all.value("CI_COMMIT_TITLE")));
    all.set("CI_MERGE_REQUEST_DESCRIPTION_IS_TRUNCATED", "false");
    all.set("CI_MERGE_REQUEST_DRAFT", "false");
    all.set("CI_MERGE_REQUEST_SQUASH_ON_MERGE", "false");
    all.set("CI_OPEN_MERGE_REQUESTS", path + "!" + request.iid);
}

}  // namespace

Remote parse_remote(const std::string& url) {
    Remote remote;
    std::string rest = url;
    const std::size_t scheme_end = rest.find("://");
    std::string scheme = "ssh";
    if (scheme_end != std::string::npos) {
        scheme = rest.substr(0, scheme_end);
        rest = rest.substr(scheme_end + 3);
    }
    const std::size_t host_end = scheme_end != std::string::npos ? rest.find('/') : rest.find(':');
    if (rest.empty() || host_end == std::string::npos || rest.front() == '/') return remote;
    std::string host = rest.substr(0, host_end);
    remote.path = rest.substr(host_end + 1);
    if (const std::size_t at = host.rfind('@'); at != std::string::npos) host = host.substr(at + 1);
    std::string port;
    if (const std::size_t colon = host.rfind(':'); colon != std::string::npos) {
        port = host.substr(colon + 1);
        host = host.substr(0, colon);
    }
    remote.host = host;
    if (scheme == "http" || scheme == "https") {
        remote.protocol = scheme;
        remote.port = !port.empty() ? port : scheme == "http" ? "80" : "443";
    } else {
        remote.ssh_host = host;
        if (!port.empty()) remote.ssh_port = port;
    }
    while (remote.path.starts_with('/')) remote.path.erase(0, 1);
    while (remote.path.ends_with('/')) remote.path.pop_back();
    if (remote.path.ends_with(".git")) remote.path.resize(remote.path.size() - 4);
    return remote;
}

Collection predefined(const Checkout& checkout, const Event& event) {
    Collection all;
    all.set("CI", "true");
    all.set("GITLAB_CI", "true");
    Remote remote = parse_remote(checkout.remote_url);
    if (remote.path.empty()) {
        remote.path = "local/" + (checkout.directory_name.empty() ? std::string("project")
                                                                  : checkout.directory_name);
    }
    add_server(all, remote);
    add_project(all, remote, checkout, event);
    all.set("CI_PIPELINE_IID", event.iid);
    all.set("CI_PIPELINE_SOURCE", event.source);
    all.set("CI_PIPELINE_CREATED_AT", event.created_at);
    if (event.source == "trigger") all.set("CI_PIPELINE_TRIGGERED", "true");
    add_commit(all, checkout, event);
    if (event.merge_request) add_merge_request(all, *event.merge_request);
    return all;
}

}  // namespace runner::pipeline::variables
