#include "runner/local/downloads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/names.hpp"
#include "base/strings.hpp"

namespace runner::local {

using pipeline::plan::Pipeline;
using pipeline::plan::PlannedJob;

namespace {

constexpr std::size_t kLargestDotenvBytes = 5 * 1024;
constexpr std::size_t kMostDotenvVariables = 20;
constexpr base::NameRule kDotenvName{};

std::size_t stage_of(const Pipeline& pipeline, const PlannedJob& planned) {
    const auto& stages = pipeline.stages;
    return static_cast<std::size_t>(std::find(stages.begin(), stages.end(), planned.job->stage) -
                                    stages.begin());
}

/// As in GitLab, `dependencies` selects among the needs, or without `needs` among the jobs of
/// earlier stages.
bool is_wanted(const Pipeline& pipeline, const PlannedJob& wanting, const PlannedJob& earlier) {
    const std::string& name = earlier.job->name;
    const auto& dependencies = wanting.job->dependencies;
    if (dependencies &&
        std::find(dependencies->begin(), dependencies->end(), name) == dependencies->end()) {
        return false;
    }
    if (wanting.has_needs) {
        return std::any_of(wanting.needs.begin(), wanting.needs.end(),
                           [&](const auto& need) { return need.artifacts && need.job == name; });
    }
    return stage_of(pipeline, earlier) < stage_of(pipeline, wanting);
}

base::Error bad_dotenv(std::string text) {
    return base::make_error(base::ErrorKind::kInvalidInput,
                            "artifacts:reports:dotenv: " + std::move(text));
}

}  // namespace

std::vector<std::size_t> jobs_to_download(const Pipeline& pipeline, std::size_t position) {
    const PlannedJob& wanting = pipeline.jobs[position];
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < pipeline.jobs.size(); ++i) {
        if (i != position && is_wanted(pipeline, wanting, pipeline.jobs[i])) found.push_back(i);
    }
    return found;
}

base::Result<std::vector<pipeline::variables::Variable>> parse_dotenv(std::string_view text) {
    if (text.size() > kLargestDotenvBytes) {
        return bad_dotenv(fmt::format("Dotenv Artifact Too Big. Maximum Allowable Size: {}",
                                      kLargestDotenvBytes));
    }
    pipeline::variables::Collection variables;
    auto lines = base::split(text, '\n');
    if (!lines.empty() && lines.back().empty()) lines.pop_back();  // after the last end of line
    int number = 0;
    for (const std::string& line : lines) {
        ++number;
        const auto equals = line.find('=');
        if (equals == std::string::npos) {
            return bad_dotenv(fmt::format("Invalid Format: line {} is not KEY=value", number));
        }
        pipeline::variables::Variable variable;
        variable.key = base::trim(std::string_view(line).substr(0, equals));
        variable.value = base::trim(std::string_view(line).substr(equals + 1));
        if (!base::is_name(variable.key, kDotenvName)) {
            return bad_dotenv(fmt::format(
                "Validation failed: Key can contain only letters, digits and '_'. (line {})",
                number));
        }
        variables.set(std::move(variable));
    }
    if (variables.all().size() > kMostDotenvVariables) {
        return bad_dotenv(
            fmt::format("Dotenv files cannot have more than {} variables", kMostDotenvVariables));
    }
    return variables.all();
}

}  // namespace runner::local
