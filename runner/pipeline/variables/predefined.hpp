#pragma once

#include <optional>
#include <string>

#include "runner/pipeline/variables/collection.hpp"

namespace runner::pipeline::variables {

/// What is known from the git checkout and its user. Every text may be empty.
struct Checkout {
    std::string remote_url;  ///< "git@host:group/name.git", "https://host/group/name.git"
    std::string sha;
    std::string before_sha;
    std::string ref;  ///< the name of the branch or tag
    bool is_tag = false;
    std::string tag_message;
    std::string message;    ///< of the commit, complete
    std::string timestamp;  ///< of the commit, ISO 8601
    std::string author;     ///< "Name <email>"
    std::string default_branch = "main";
    std::string user_name;
    std::string user_email;
    std::string directory_name;  ///< the name of the project when there is no remote
};

/// The merge request for which a pipeline runs.
struct MergeRequest {
    std::string source_branch;
    std::string target_branch;
    std::string target_sha;
    std::string iid = "1";
};

/// Why and when the pipeline is created.
struct Event {
    std::string source = "push";
    std::string config_path = ".gitlab-ci.yml";
    std::string created_at;  ///< ISO 8601
    std::string iid = "1";
    bool protected_ref = false;
    std::optional<MergeRequest> merge_request;
};

/// The parts of the URL of a git remote that predefined variables contain.
struct Remote {
    std::string protocol = "https";
    std::string host = "localhost";
    std::string port = "443";
    std::string path;  ///< "group/sub/name"
    std::string ssh_host;
    std::string ssh_port = "22";
};
/// Parses a URL or the scp-like form of git. The path is empty when the text is neither.
Remote parse_remote(const std::string& url);

/// The predefined variables of a pipeline, as GitLab would define them for this checkout. Those of
/// jobs (CI_JOB_…) are not among them. See ci-yaml.md §4.4.
Collection predefined(const Checkout& checkout, const Event& event);

}  // namespace runner::pipeline::variables
