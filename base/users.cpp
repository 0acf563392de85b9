#include "base/users.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <vector>

#include "base/parse.hpp"

namespace base {

namespace {

/// Enough for an entry of either database; a group may have thousands of members.
constexpr std::size_t kEntryBytes = 256UL * 1024;

struct FoundUser {
    uid_t id;
    gid_t group;
};

std::optional<FoundUser> find_user(const std::string& name) {
    std::vector<char> buffer(kEntryBytes);
    struct passwd entry {};
    struct passwd* found = nullptr;
    ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) return std::nullopt;
    return FoundUser{found->pw_uid, found->pw_gid};
}

}  // namespace

std::string user_name(uid_t user) {
    std::vector<char> buffer(kEntryBytes);
    struct passwd entry {};
    struct passwd* found = nullptr;
    ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found);
    return found == nullptr ? std::to_string(user) : found->pw_name;
}

std::optional<uid_t> user_id(const std::string& name) {
    const auto user = find_user(name);
    return user ? std::optional(user->id) : std::nullopt;
}

Result<void> give_to_user(const std::string& name, const std::filesystem::path& path) {
    const auto user = find_user(name);
    if (!user) return make_error(ErrorKind::kNotFound, "there is no user \"" + name + "\"");
    if (::lchown(path.c_str(), user->id, user->group) == 0) return {};
    return errno_error("give " + path.string() + " to " + name);
}

std::string group_name(gid_t group) {
    std::vector<char> buffer(kEntryBytes);
    struct group entry {};
    struct group* found = nullptr;
    ::getgrgid_r(group, &entry, buffer.data(), buffer.size(), &found);
    return found == nullptr ? std::to_string(group) : found->gr_name;
}

std::optional<gid_t> group_id(const std::string& name) {
    std::vector<char> buffer(kEntryBytes);
    struct group entry {};
    struct group* found = nullptr;
    ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr) return found->gr_gid;
    const auto number = parse_number<gid_t>(name);
    return number ? std::optional(*number) : std::nullopt;
}

}  // namespace base
