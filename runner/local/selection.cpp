#include "runner/local/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.hpp"

namespace runner::local {

using pipeline::plan::Pipeline;
using pipeline::plan::PlannedJob;
using pipeline::plan::When;

namespace {

bool means(const std::string& name, const pipeline::plan::Job& job) {
    return job.name == name || job.definition == name;
}

base::Error unknown_job(const Pipeline& pipeline, const std::string& name) {
    for (const auto& out : pipeline.left_out) {
        if (!means(name, *out.job)) continue;
        return base::make_error(base::ErrorKind::kNotFound,
                                fmt::format("the job \"{}\" is not in this pipeline: {}; --var, "
                                            "--source or --commit may change that",
                                            name, out.reason));
    }
    std::vector<std::string> known;
    for (const auto& planned : pipeline.jobs) known.push_back(planned.job->name);
    for (const auto& out : pipeline.left_out) known.push_back(out.job->name);
    const std::string near = base::nearest(name, known);
    return base::make_error(
        base::ErrorKind::kNotFound,
        fmt::format("there is no job \"{}\"{}", name,
                    near.empty() ? "; `runner pipeline list` tells which there are"
                                 : fmt::format("; did you mean \"{}\"?", near)));
}

void add_needs(const Pipeline& pipeline, std::set<std::string>& chosen) {
    for (bool grew = true; grew;) {
        grew = false;
        for (const PlannedJob& planned : pipeline.jobs) {
            if (!chosen.contains(planned.job->name)) continue;
            for (const auto& need : planned.needs) grew = chosen.insert(need.job).second || grew;
        }
    }
}

}  // namespace

base::Result<void> select_jobs(Pipeline& pipeline, const std::vector<std::string>& names,
                               bool needs) {
    if (names.empty()) return {};
    std::set<std::string> chosen;
    for (const std::string& name : names) {
        bool found = false;
        for (PlannedJob& planned : pipeline.jobs) {
            if (!means(name, *planned.job)) continue;
            found = true;
            chosen.insert(planned.job->name);
            if (planned.when != When::kAlways) planned.when = When::kOnSuccess;
        }
        if (!found) return unknown_job(pipeline, name);
    }
    if (needs) add_needs(pipeline, chosen);
    std::erase_if(pipeline.jobs,
                  [&](const PlannedJob& p) { return !chosen.contains(p.job->name); });
    return {};
}

}  // namespace runner::local
