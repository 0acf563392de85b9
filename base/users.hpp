#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.hpp"

/// Names of users and groups, from the system's databases. Blocking: NSS may ask a server.
namespace base {

/// The number as text for a user without a name, as in a container.
std::string user_name(uid_t user);
std::string group_name(gid_t group);
/// nullopt when there is no such user.
std::optional<uid_t> user_id(const std::string& name);
/// Makes the user the owner of a file or directory, and the user's own group that of it.
Result<void> give_to_user(const std::string& name, const std::filesystem::path& path);
/// nullopt when there is no such group. A number is taken as it is.
std::optional<gid_t> group_id(const std::string& name);

}  // namespace base
