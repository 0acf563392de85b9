#include "runner/pipeline/include/work_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>

namespace runner::pipeline::include {

namespace fs = std::filesystem;

namespace {

Fetched unsupported(std::string_view what, const std::string& name) {
    Fetched fetched;
    fetched.failure = FetchFailure::kUnsupported;
    fetched.detail = fmt::format("{} `{}` cannot be read from a local directory", what, name);
    return fetched;
}

}  // namespace

WorkTreeSource::WorkTreeSource(fs::path root) {
    std::error_code error;
    root_ = fs::weakly_canonical(root, error);
    if (error) root_ = std::move(root);
}

Fetched WorkTreeSource::local(const Origin& origin, const std::string& path) {
    if (!origin.project.empty()) return unsupported("File of another project", path);
    std::error_code error;
    const fs::path file = fs::weakly_canonical(root_ / path, error);
    if (error) return {};
    const auto [end, at] = std::mismatch(root_.begin(), root_.end(), file.begin(), file.end());
    if (end != root_.end() || !fs::is_regular_file(file, error)) return {};
    std::ifstream in(file, std::ios::binary);
    if (!in) return {};
    Fetched fetched;
    fetched.content.emplace(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    fetched.origin = origin;
    return fetched;
}

std::vector<std::string> WorkTreeSource::list(const Origin&) {
    std::vector<std::string> paths;
    std::error_code error;
    fs::recursive_directory_iterator at(root_, fs::directory_options::skip_permission_denied,
                                        error);
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
