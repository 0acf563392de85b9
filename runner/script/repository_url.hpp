#pragma once

#include <string>
#include <string_view>

#include "protocol/gitlab/payload.hpp"
#include "runner/config/config.hpp"

/// Addresses of repositories and the credentials in them. Pure. A text that is no URL stays as it
/// is.
namespace runner::script {

/// "http://user:secret@host:1/a/b.git" → "http://host:1/a/b.git".
std::string without_credentials(std::string_view url);

/// Path of the repository for the build directory: "group/project", "" when the URL has none.
std::string project_slug(std::string_view repo_url);

/// "http://host:1/a/b.git" → "http://host:1".
std::string scheme_and_host(std::string_view url);

/// The address that git fetches from: the payload's without credentials, `clone_url` of the
/// configuration applied. An address for ssh keeps its user, "git" where it names none.
std::string remote_url(const protocol::gitlab::JobPayload& payload,
                       const config::RunnerConfig& runner);

/// The credentials of `repo_url` as git's credential helpers answer:
/// "username=…\npassword=…\n", or "" when it has none.
std::string remote_credentials(std::string_view repo_url);

}  // namespace runner::script
