#include "runner/pipeline/include/work_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

#include "base/strings.hpp"

namespace runner::pipeline::include {

namespace fs = std::filesystem;

namespace {

Fetched unsupported(std::string_view what, const std::string& name) {
    Fetched fetched;
    fetched.failure = FetchFailure::kUnsupported;
    fetched.detail = fmt::format("{} `{}` cannot be read from a local directory", what, name);
    return fetched;
}

/// Whether git has a tree of this name: only real directories lead there, and none of them is a
/// repository of its own.
bool is_tree_directory(const fs::path& root, const std::string& path) {
    fs::path at = root;
    for (const std::string& part : base::split(path, '/')) {
        if (part.empty() || part == "." || part == "..") return false;
        at /= part;
        std::error_code error;
        if (!fs::is_directory(fs::symlink_status(at, error)) || fs::exists(at / ".git", error)) {
            return false;
        }
    }
    return true;
}

/// The content that git would have for the path; nothing when it is no file.
std::optional<std::string> content_of(const fs::path& root, const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash != std::string::npos && !is_tree_directory(root, path.substr(0, slash))) return {};
    const fs::path file = root / path;
    if (!file.has_filename() || file.filename() == "." || file.filename() == "..") return {};
    std::error_code error;
    const auto type = fs::symlink_status(file, error).type();
    if (type == fs::file_type::symlink) return fs::read_symlink(file, error).string();
    if (type != fs::file_type::regular) return {};
    std::ifstream in(file, std::ios::binary);
    if (!in) return {};
    return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

}  // namespace

WorkTreeSource::WorkTreeSource(fs::path root) {
    std::error_code error;
    root_ = fs::weakly_canonical(root, error);
    if (error) root_ = std::move(root);
}

Fetched WorkTreeSource::local(const Origin& origin, const std::string& path) {
    if (!origin.project.empty()) return unsupported("File of another project", path);
    Fetched fetched;
    fetched.content = content_of(root_, path);
    fetched.origin = origin;
    return fetched;
}

std::vector<std::string> WorkTreeSource::list(const Origin&, const std::string& directory) {
    std::vector<std::string> paths;
    if (!directory.empty() && !is_tree_directory(root_, directory)) return paths;
    std::error_code error;
    fs::recursive_directory_iterator at(root_ / directory,
                                        fs::directory_options::skip_permission_denied, error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
        if (at->path().filename() == ".git" && at.depth() == 0) {
            at.disable_recursion_pending();
            continue;
        }
        std::error_code ignored;
        if (at->is_regular_file(ignored)) {
            paths.push_back(at->path().lexically_relative(root_).generic_string());
        }
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

Fetched WorkTreeSource::project(const std::string& project, const std::string&,
                                const std::string&) {
    return unsupported("Project", project);
}

Fetched WorkTreeSource::remote(const std::string& url) { return unsupported("Remote file", url); }

Fetched WorkTreeSource::bundled_template(const std::string& name) {
    return unsupported("Template file", name);
}

Fetched WorkTreeSource::component(const std::string& address) {
    return unsupported("Component", address);
}

}  // namespace runner::pipeline::include
