#include "executors/docker/client_home.hpp"

#include <filesystem>
#include <optional>
#include <vector>

#include "base/parse.hpp"
#include "base/strings.hpp"
#include "executors/docker/client_plan.hpp"

namespace executors::docker {

namespace {

/// With the names of files behind it, it fits into the header of a tar.
constexpr std::size_t kLongestInArchive = 70;

/// The fields of the line whose field `key` is `value`; empty when there is none.
std::vector<std::string> find_line(const std::string& text, std::size_t key,
                                   const std::string& value) {
    for (const auto& line : base::split(text, '\n')) {
        auto fields = base::split(line, ':');
        if (fields.size() > key && fields.size() > 2 && fields[key] == value) return fields;
    }
    return {};
}

/// Without a value: an absent variable, or an empty one, which clients read as absent.
std::string value_of(const JobEnvironment& job, const ImageInfo& image, std::string_view name) {
    return client_variable(job, image, name).value_or("");
}

std::string absolute_path(const std::string& path, const std::string& base) {
    const auto full = std::filesystem::path(path).is_absolute()
                          ? std::filesystem::path(path)
                          : std::filesystem::path(base) / path;
    std::string text = full.lexically_normal().string();
    while (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
}

bool lies_in(const std::string& path, const std::string& directory) {
    return !directory.empty() && (path == directory || path.starts_with(directory + "/"));
}

std::string content_of(const ImageFiles& files, const char* path) {
    const auto found = files.contents.find(path);
    return found == files.contents.end() ? std::string() : found->second;
}

}  // namespace

ContainerUser find_container_user(const std::string& user, const std::string& passwd,
                                  const std::string& group) {
    const auto colon = user.find(':');
    const std::string name = user.empty() ? "0" : user.substr(0, colon);
    const std::string group_name = colon == std::string::npos ? "" : user.substr(colon + 1);
    ContainerUser found;
    const auto number = base::parse_number<unsigned>(name);
    const auto line = find_line(passwd, number ? 2 : 0, name);
    found.uid = number.value_or(0);
    if (line.size() > 5) {
        found.uid = base::parse_number<unsigned>(line[2]).value_or(0);
        found.gid = base::parse_number<unsigned>(line[3]).value_or(0);
        found.home = line[5];
    }
    // Images of a few files have no /etc/passwd.
    if (line.empty() && found.uid == 0) found.home = "/root";
    if (group_name.empty()) return found;
    const auto gid = base::parse_number<unsigned>(group_name);
    const auto group_line = find_line(group, 0, group_name);
    if (gid) found.gid = *gid;
    if (!gid && !group_line.empty()) {
        found.gid = base::parse_number<unsigned>(group_line[2]).value_or(0);
    }
    return found;
}

ClientHome find_client_home(const JobEnvironment& job, const ImageChoice& choice,
                            const ImageInfo& image, const ImageFiles& files) {
    ClientHome home;
    const std::string user = choice.user.empty() ? image.user : choice.user;
    home.owner = find_container_user(user, content_of(files, "/etc/passwd"),
                                     content_of(files, "/etc/group"));
    home.directory = value_of(job, image, "DOCKER_CONFIG");
    if (home.directory.empty()) {
        std::string own = value_of(job, image, "HOME");
        if (own.empty()) own = home.owner.home;
        home.directory = own + "/.docker";
    }
    home.directory = absolute_path(home.directory, job.project_dir);
    const std::string buildx = value_of(job, image, "BUILDX_CONFIG");
    home.buildx =
        buildx.empty() ? home.directory + "/buildx" : absolute_path(buildx, job.project_dir);
    home.late = home.directory.size() > kLongestInArchive ||
                home.buildx.size() > kLongestInArchive + std::string_view("/buildx").size();
    for (const auto& path : {home.directory, home.buildx}) {
        for (const std::string& place : {job.builds_dir, job.project_dir, std::string("/tmp")}) {
            home.late = home.late || lies_in(path, absolute_path(place, "/"));
        }
    }
    return home;
}

}  // namespace executors::docker
