#pragma once

#include <optional>
#include <string>

#include "runner/pipeline/variables/collection.hpp"

namespace runner::pipeline::variables {

/// What a checkout and its user tell; every text may be empty.
struct Checkout {
    std::string remote_url;  ///< "git@host:group/name.git", "https://host/group/name.git"
    std::string sha;
    std::string before_sha;
    std::string ref;  ///< branch or tag
    bool is_tag = false;
    std::string tag_message;
    std::string message;    ///< of the commit, all of it
    std::string timestamp;  ///< of the commit, ISO 8601
    std::string author;     ///< "Name <email>"
    std::string default_branch = "main";
    std::string user_name;
    std::string user_email;
    std::string directory_name;  ///< names the project when there is no remote
};

struct MergeRequest {
    std::string source_branch;
    std::string target_branch;
    std::string target_sha;
    std::string iid = "1";
};

struct Event {
    std::string source = "push";
    std::string config_path = ".gitlab-ci.yml";
    std::string created_at;  ///< ISO 8601
    std::string iid = "1";
    bool protected_ref = false;
    std::optional<MergeRequest> merge_request;
};

/// The parts of a remote's address that variables speak of.
struct Remote {
    std::string protocol = "https";
    std::string host = "localhost";
    std::string port = "443";
    std::string path;  ///< "group/sub/name"
    std::string ssh_host;
    std::string ssh_port = "22";
};
Remote parse_remote(const std::string& url);

/// The predefined variables that exist before and with the pipeline, as GitLab would give them for
/// this checkout. Job variables (CI_JOB_…) are not among them.
Collection predefined(const Checkout& checkout, const Event& event);

}  // namespace runner::pipeline::variables
