#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace executors::helper {

struct User {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;  ///< supplementary groups, and `gid`
    std::string name;           ///< "" when /etc/passwd has no entry for the number
    std::string home = "/";
    std::string shell = "/bin/sh";
};

/// Finds a user written as "name", "uid", "name:group" or "uid:gid", as in an image's USER. Reads
/// /etc/passwd and /etc/group itself, because a static program cannot use the system's name
/// services. Throws Failure with the name that was not found.
User find_user(const std::string& text, const std::string& passwd = "/etc/passwd",
               const std::string& group = "/etc/group");

/// Changes this process to that user; there is no way back. False with errno set when it fails.
/// Makes system calls only, so it may be called after a fork.
bool become(const User& user);

}  // namespace executors::helper
