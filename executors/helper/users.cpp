#include "executors/helper/users.hpp"

#include <grp.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/parse.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

constexpr std::size_t kMaxFile = 4 * 1024 * 1024;

std::vector<std::vector<std::string>> read_table(const std::string& path, std::size_t columns) {
    std::vector<std::vector<std::string>> rows;
    for (const std::string& line : split_text(read_file_end(path, kMaxFile), '\n')) {
        auto fields = split_text(line, ':');
        if (fields.size() >= columns && line[0] != '#') rows.push_back(std::move(fields));
    }
    return rows;
}

void fill_from_passwd(User& user, const std::string& wanted, const std::string& path) {
    const auto number = base::parse_number<unsigned>(wanted);
    for (const auto& row : read_table(path, 7)) {
        const auto uid = base::parse_number<unsigned>(row[2]);
        if (!uid || (row[0] != wanted && uid != number)) continue;
        user.uid = *uid;
        user.gid = base::parse_number<unsigned>(row[3]).value_or(0);
        user.name = row[0];
        if (!row[5].empty()) user.home = row[5];
        if (!row[6].empty()) user.shell = row[6];
        return;
    }
    if (!number) throw Failure("user " + wanted + " is not in " + path);
    user.uid = *number;
}

void fill_from_group(User& user, const std::string& wanted, const std::string& path) {
    const auto table = read_table(path, 4);
    if (!wanted.empty()) {
        const auto number = base::parse_number<unsigned>(wanted);
        const auto match = [&](const auto& row) {
            return row[0] == wanted || (number && base::parse_number<unsigned>(row[2]) == number);
        };
        const auto row = std::find_if(table.begin(), table.end(), match);
        if (row == table.end() && !number) throw Failure("group " + wanted + " is not in " + path);
        user.gid =
            row != table.end() ? base::parse_number<unsigned>((*row)[2]).value_or(0) : *number;
    }
    user.groups.push_back(user.gid);
    // A group in the text replaces the supplementary groups, as the Docker engine does.
    if (!wanted.empty() || user.name.empty()) return;
    for (const auto& row : table) {
        const auto members = split_text(row[3], ',');
        const auto gid = base::parse_number<unsigned>(row[2]);
        if (gid && *gid != user.gid &&
            std::find(members.begin(), members.end(), user.name) != members.end()) {
            user.groups.push_back(*gid);
        }
    }
}

}  // namespace

User find_user(const std::string& text, const std::string& passwd, const std::string& group) {
    const auto colon = text.find(':');
    User user;
    fill_from_passwd(user, text.substr(0, colon), passwd);
    fill_from_group(user, colon == std::string::npos ? "" : text.substr(colon + 1), group);
    return user;
}

bool become(const User& user) {
    // A process that is this user already (the image's USER) may not call setgroups, and need not.
    if (::geteuid() == user.uid && ::geteuid() != 0) return true;
    return ::setgroups(user.groups.size(), user.groups.data()) == 0 && ::setgid(user.gid) == 0 &&
           ::setuid(user.uid) == 0;
}

}  // namespace executors::helper
