#include "runner/pipeline/include/problems.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/strings.hpp"

namespace runner::pipeline::include {
namespace {

std::string project_problem(const Entry& entry, FetchFailure failure) {
    const std::string project = base::to_lower(entry.project);
    if (failure == FetchFailure::kNoReference) {
        return fmt::format("Project `{}` reference `{}` does not exist!", project,
                           entry.ref.empty() ? "HEAD" : entry.ref);
    }
    if (failure == FetchFailure::kMissing) {
        return fmt::format("Project `{}` file `{}` does not exist!", project, entry.location);
    }
    return fmt::format(
        "Project `{}` not found or access denied! Make sure any includes in the "
        "pipeline configuration are correctly defined.",
        project);
}

std::string component_problem(const Entry& entry, const Fetched& fetched) {
    std::string what = fetched.detail.empty() ? "content not found" : fetched.detail;
    if (fetched.failure == FetchFailure::kNoProject) {
        what = "project does not exist or you don't have sufficient permissions";
    }
    return fmt::format("Component '{}' - {}", entry.location, what);
}

}  // namespace

Problem fetch_problem(const Entry& entry, const Fetched& fetched) {
    const std::string& path = entry.location;
    if (fetched.failure == FetchFailure::kUnsupported) return {fetched.detail, entry.mark, {}};
    if (fetched.failure == FetchFailure::kOutOfTime) {
        return {"Request timed out when fetching configuration files.", entry.mark, fetched.hint};
    }
    std::string text;
    switch (entry.kind) {
        case Kind::kLocal: text = fmt::format("Local file `{}` does not exist!", path); break;
        case Kind::kRemote:
            // GitLab's message does not name the file when the connection was refused.
            text =
                fetched.failure == FetchFailure::kRefused
                    ? fmt::format("Remote file could not be fetched {}", fetched.detail)
                    : fmt::format("Remote file `{}` could not be fetched {}", path, fetched.detail);
            break;
        case Kind::kTemplate:
            text = fmt::format("Included file `{}` is empty or does not exist!", path);
            break;
        case Kind::kComponent: text = component_problem(entry, fetched); break;
        case Kind::kArtifact:
            text =
                "Including configs from artifacts is only allowed when triggering child pipelines";
            break;
        case Kind::kProject: text = project_problem(entry, fetched.failure); break;
    }
    return {std::move(text), entry.mark, fetched.hint};
}

std::string empty_file_message(const Entry& entry) {
    if (entry.kind == Kind::kProject) {
        return fmt::format("Project `{}` file `{}` is empty!", base::to_lower(entry.project),
                           entry.location);
    }
    if (entry.kind == Kind::kComponent) return component_problem(entry, {});
    if (entry.kind == Kind::kTemplate || entry.kind == Kind::kRemote) {
        return fmt::format("Included file `{}` is empty or does not exist!", entry.location);
    }
    return fmt::format("Local file `{}` is empty!", entry.location);
}

Problem with_location(const Entry& entry, const Problem& problem) {
    return {fmt::format("`{}`: {}", entry.location, problem.text), problem.mark, {}};
}

}  // namespace runner::pipeline::include
