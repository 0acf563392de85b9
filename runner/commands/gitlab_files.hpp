#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "runner/commands/web_fetch.hpp"
#include "runner/pipeline/include/source.hpp"

namespace runner::commands {

/// The GitLab server to ask, and the token to ask with.
struct GitlabAccess {
    std::string url;     ///< "" when none is known
    base::Secret token;  ///< personal, project or group access token with read_api; may be empty
    std::string where_url_is_from;  ///< for hints: "the remote origin", "--gitlab-url"
};

/// The text that was asked for, or why it cannot be had.
struct Obtained {
    std::optional<std::string> text;
    pipeline::include::FetchFailure failure = pipeline::include::FetchFailure::kMissing;
    std::string hint;
};

/// Reads repositories through GitLab's REST API. Every call blocks; commits are looked up once.
class GitlabFiles {
  public:
    GitlabFiles(WebFetch& web, GitlabAccess access);

    [[nodiscard]] bool known() const { return !access_.url.empty(); }
    /// "host[:port]" of the server, as the address of a component begins.
    [[nodiscard]] const std::string& fqdn() const { return fqdn_; }

    /// The commit that `ref` names; "" means the default branch.
    Obtained commit(const std::string& project, const std::string& ref);
    Obtained file(const std::string& project, const std::string& sha, const std::string& path);
    /// All paths of a commit; nothing when it cannot be read.
    std::optional<std::vector<std::string>> tree(const std::string& project,
                                                 const std::string& sha);
    /// The tag of the highest release "X.Y.Z" that begins with `prefix` ("", "1", "1.2").
    Obtained highest_release(const std::string& project, const std::string& prefix);
    /// A template of the server; `name` has no file extension.
    Obtained ci_template(const std::string& name);

  private:
    struct Answer {
        std::string body;
        protocol::http::Headers headers;
    };
    struct Asked {
        std::optional<Answer> answer;
        Obtained refused;
    };
    Asked ask(const std::string& path);
    Obtained refusal(const protocol::http::Response& answer, const std::string& address) const;

    WebFetch& web_;
    GitlabAccess access_;
    std::string fqdn_;
    std::map<std::pair<std::string, std::string>, Obtained> commits_;
};

/// The highest of the tags "X.Y.Z" or "vX.Y.Z" that begin with the numbers of `prefix`;
/// pre-releases do not count. "" when there is none.
std::string highest_version(const std::vector<std::string>& tags, const std::string& prefix);

}  // namespace runner::commands
