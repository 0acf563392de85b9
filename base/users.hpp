#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

/// Names of users and groups, from the system's databases. Blocking: NSS may ask a server.
namespace base {

/// The number as text for a user without a name, as in a container.
std::string user_name(uid_t user);
std::string group_name(gid_t group);
/// nullopt when there is no such user.
std::optional<uid_t> user_id(const std::string& name);
/// nullopt when there is no such group. A number is taken as it is.
std::optional<gid_t> group_id(const std::string& name);

}  // namespace base
