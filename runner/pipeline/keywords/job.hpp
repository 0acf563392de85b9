#pragma once

#include <map>
#include <string>
#include <string_view>

#include "runner/pipeline/keywords/edition.hpp"
#include "runner/pipeline/keywords/report.hpp"

namespace runner::pipeline::keywords {

enum class JobKind { kHidden, kJob, kBridge, kUnknown };

/// What a top-level entry is, by its name and the keys it has.
JobKind kind_of(const yaml::Value& name, const yaml::Value& value);
/// Whether its artifacts become a Pages site.
bool is_pages_job(const yaml::Value& name, const yaml::Value& value);
/// Whether the keys make it a job at all, whatever its name.
bool looks_like_job(const yaml::Value& value);

/// What jobs take over from `default` and the old global keywords.
struct Defaults {
    std::map<std::string, yaml::Value, std::less<>> values;
    /// Problems of each; GitLab prints them again for every job that inherits the keyword.
    std::map<std::string, Problems, std::less<>> problems;
};

/// The keywords `default` may have, in the order GitLab looks at them.
extern const Names kDefaultKeywords;

/// Whether the job takes this keyword over when it has none of its own.
bool inherits_default(const yaml::Value& job, std::string_view keyword);

struct JobContext {
    Edition edition = Edition::kEnterprise;
    const Defaults* defaults = nullptr;
    bool workflow_rules = false;  ///< there are some, so nothing runs twice by accident
};
void check_job(const yaml::Value& name, const yaml::Value& value, JobKind kind,
               const JobContext& context, Report& report);

}  // namespace runner::pipeline::keywords
