#include "runner/script/repository_url.hpp"

#include <algorithm>
#include <charconv>

namespace runner::script {

namespace {

struct Parts {
    std::string_view scheme;       ///< with "://"
    std::string_view credentials;  ///< with "@", may be empty
    std::string_view host;
    std::string_view path;  ///< with "/"
};

Parts split_url(std::string_view url) {
    Parts parts;
    const auto colon = url.find("://");
    if (colon == std::string_view::npos) return {{}, {}, {}, url};
    parts.scheme = url.substr(0, colon + 3);
    url.remove_prefix(colon + 3);
    const auto slash = url.find('/');
    std::string_view authority = url.substr(0, slash);
    parts.path = slash == std::string_view::npos ? std::string_view() : url.substr(slash);
    const auto at = authority.rfind('@');
    if (at != std::string_view::npos) {
        parts.credentials = authority.substr(0, at + 1);
        authority.remove_prefix(at + 1);
    }
    parts.host = authority;
    return parts;
}

/// Percent-decodes (RFC 3986, 2.1). Line ends and zero bytes are dropped: git would read what
/// follows a line end as another answer.
std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned char byte = 0;
        const char* digits = text.data() + i + 1;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
            i += 2;
            if (byte != '\n' && byte != '\0') out += static_cast<char>(byte);
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string_view trim_slashes(std::string_view text) {
    while (text.starts_with('/')) text.remove_prefix(1);
    while (text.ends_with('/')) text.remove_suffix(1);
    return text;
}

/// An address for ssh names the user: GitLab's is "git". Its keys are those of the job, so there is
/// no password.
std::string ssh_user(const Parts& parts) {
    if (parts.scheme != "ssh://") return {};
    std::string_view user = parts.credentials.substr(0, parts.credentials.find_first_of(":@"));
    if (user.empty()) user = "git";
    return std::string(user) + "@";
}

/// `clone_url`, if not "", replaces the scheme, the host and the path before `full_path`.
std::string joined(const Parts& repo, std::string_view clone_url, std::string_view full_path) {
    if (clone_url.empty()) {
        return std::string(repo.scheme) + std::string(repo.host) + std::string(repo.path);
    }
    const Parts base = split_url(clone_url);
    std::string path(repo.path);
    if (!full_path.empty()) path = "/" + std::string(full_path) + ".git";
    const std::string_view root = trim_slashes(base.path);
    return std::string(base.scheme) + ssh_user(base) + std::string(base.host) +
           (root.empty() ? std::string() : "/" + std::string(root)) + path;
}

}  // namespace

std::string without_credentials(std::string_view url) { return joined(split_url(url), "", ""); }

std::string project_slug(std::string_view repo_url) {
    std::string_view path = trim_slashes(split_url(repo_url).path);
    if (path.ends_with(".git")) path.remove_suffix(4);
    return std::string(path);
}

std::string scheme_and_host(std::string_view url) {
    const auto start = url.find("://");
    if (start == std::string_view::npos) return std::string(url);
    return std::string(url.substr(0, url.find('/', start + 3)));
}

std::string remote_url(const protocol::gitlab::JobPayload& payload,
                       const config::RunnerConfig& runner) {
    return joined(split_url(payload.git_info.repo_url), runner.clone_url,
                  payload.job_info.project_full_path);
}

std::string remote_credentials(std::string_view repo_url) {
    std::string_view text = split_url(repo_url).credentials;
    if (text.empty()) return {};
    text.remove_suffix(1);
    const auto colon = std::min(text.find(':'), text.size());
    const std::string user = decoded(text.substr(0, colon));
    const std::string password =
        colon == text.size() ? std::string() : decoded(text.substr(colon + 1));
    return "username=" + user + "\npassword=" + password + "\n";
}

}  // namespace runner::script
