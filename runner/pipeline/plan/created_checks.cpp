#include "runner/pipeline/plan/created_checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.hpp"
#include "runner/pipeline/variables/expand.hpp"

namespace runner::pipeline::plan {
namespace {

constexpr std::size_t kLongestName = 255;

std::string quoted_list(const std::vector<std::string>& names) {
    return fmt::format("[\"{}\"]", base::join(names, "\", \""));
}

}  // namespace

void check_needs(const Job& job, const JobNames& present, Problems& problems) {
    if (job.needs.size() > kMostNeeds) {
        problems.push_back(too_many_needs(job.name, job.needs.size(), job.mark));
        return;
    }
    for (const Need& need : job.needs) {
        if (need.optional || present.contains(need.job)) continue;
        problems.push_back(
            {fmt::format("'{}' job needs '{}' job, but '{}' does not exist in the pipeline. This "
                         "might be because of the only, except, or rules keywords. To need a job "
                         "that sometimes does not exist in the pipeline, use needs:optional.",
                         job.name, need.job, need.job),
             need.mark});
    }
}

void check_variables(const Job& job, const variables::Collection& variables, Problems& problems) {
    const auto sorted = variables::sort_and_expand(variables, variables::Reader::kGitLab);
    if (!sorted.too_long.empty()) {
        problems.push_back(
            {fmt::format("{}: variable {} is too long once the variables in it are expanded "
                         "(maximum is {} bytes, {} for all variables together)",
                         job.name, sorted.too_long, variables::kLongestValue,
                         variables::kMostExpandedBytes),
             job.mark});
    }
    if (sorted.cycles.empty()) return;
    std::vector<std::string> cycles;
    for (const auto& cycle : sorted.cycles) cycles.push_back(quoted_list(cycle));
    problems.push_back({fmt::format("{}: circular variable reference detected: {}", job.name,
                                    base::join(cycles, ", ")),
                        job.mark});
}

void check_pipeline_name(const std::string& name, Mark mark, Problems& problems) {
    if (base::utf8_length(name) <= kLongestName) return;
    problems.push_back(
        {"Failed to build pipeline metadata! Name is too long (maximum is 255 characters)", mark});
}

void check_not_empty(const std::vector<std::string>& stages, const std::string& hidden,
                     Problems& problems) {
    const bool any = std::any_of(stages.begin(), stages.end(), [](const std::string& stage) {
        return stage != ".pre" && stage != ".post";
    });
    if (any) return;
    problems.push_back(
        {"The resulting pipeline would have been empty. Review the rules configuration for the "
         "relevant jobs.",
         {},
         hidden});
}

}  // namespace runner::pipeline::plan
