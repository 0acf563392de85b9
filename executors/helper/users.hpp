#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace executors::helper {

struct User {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;  ///< supplementary, with `gid`
    std::string name;           ///< "" when the number has no entry
    std::string home = "/";
    std::string shell = "/bin/sh";
};

/// "name", "uid", "name:group", "uid:gid", as images and configurations write it. Reads /etc/passwd
/// and /etc/group itself: a static program has no name services. Throws Failure with the name.
User find_user(const std::string& text, const std::string& passwd = "/etc/passwd",
               const std::string& group = "/etc/group");

/// Makes this process, which is about to do something else's work, that user for good. False with
/// errno set. Only system calls, so it may follow a fork.
bool become(const User& user);

}  // namespace executors::helper
