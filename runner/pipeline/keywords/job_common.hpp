#pragma once

#include <string_view>

#include "runner/pipeline/keywords/job.hpp"

/// What the checks of jobs (job.cpp) and of trigger jobs (bridge.cpp) share.
namespace runner::pipeline::keywords {

/// The name, and the attributes that GitLab checks before the keywords inside the job.
void check_common_attributes(const yaml::Value& name, const yaml::Value& value,
                             const KeyPath& key_path, Report& report);

/// The keywords inside the job that both kinds have.
void check_common_keywords(const yaml::Value& value, const JobContext& context,
                           const KeyPath& key_path, Report& report);

/// GitLab warns of jobs that may run twice for one push: in a branch pipeline and in a merge
/// request pipeline.
void warn_of_duplicate_pipelines(const yaml::Value& value, const JobContext& context,
                                 const KeyPath& key_path, Report& report);

/// Whether a check finds nothing. GitLab derives values only from keywords without problems.
template <typename Check>
bool has_no_problems(Check check) {
    Report problems;
    check(problems);
    return problems.count() == 0;
}

/// Checks the job's own value of a keyword. When the job inherits the keyword's default, reports
/// the problems of the default again.
template <typename Check>
void check_keyword(const yaml::Value& job, std::string_view keyword, const JobContext& context,
                   const KeyPath& key_path, Report& report, Check check) {
    if (const yaml::Value* own = job.given(keyword)) {
        check(*own, KeyPath{&key_path, keyword}, report);
        return;
    }
    if (context.defaults == nullptr) return;
    const auto inherited = context.defaults->problems.find(keyword);
    if (inherited == context.defaults->problems.end() || !inherits_default(job, keyword)) return;
    report.append(inherited->second);
}

}  // namespace runner::pipeline::keywords
