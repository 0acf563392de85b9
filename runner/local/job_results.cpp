#include "runner/local/job_results.hpp"

#include "runner/local/downloads.hpp"

namespace runner::local {

std::vector<JobResults::EarlierRun> JobResults::earlier_runs(std::size_t position) const {
    std::vector<EarlierRun> runs;
    for (const std::size_t earlier : jobs_to_download(pipeline_, position)) {
        const auto run = last_runs_.find(earlier);
        if (run == last_runs_.end()) continue;
        runs.push_back({pipeline_.jobs[earlier].job->name, run->second});
    }
    return runs;
}

std::vector<protocol::gitlab::Dependency> JobResults::dependencies_of(std::size_t position) const {
    std::vector<protocol::gitlab::Dependency> dependencies;
    for (const EarlierRun& run : earlier_runs(position)) {
        const auto* kept = store_.find(run.id, "archive");
        if (kept == nullptr) continue;
        dependencies.push_back({.id = run.id,
                                .name = run.name,
                                .token = {},
                                .artifact_filename = kept->name,
                                .artifact_size = static_cast<std::int64_t>(kept->bytes)});
    }
    return dependencies;
}

base::Result<std::vector<pipeline::variables::Variable>> JobResults::inherited_variables(
    std::size_t position) const {
    std::vector<pipeline::variables::Variable> all;
    for (const EarlierRun& run : earlier_runs(position)) {
        auto text = store_.read_report(run.id, "dotenv", kLargestReportBytes);
        if (!text) return text.error().with_context("the dotenv report of " + run.name);
        auto variables = parse_dotenv(*text);
        if (!variables) return variables.error().with_context(run.name);
        all.insert(all.end(), variables->begin(), variables->end());
    }
    return all;
}

base::Task<base::Result<std::string>> JobResults::read_file(boost::asio::any_io_executor executor,
                                                            const std::string& job,
                                                            std::string path) {
    std::int64_t id = 0;
    for (const auto& [position, run] : last_runs_) {
        if (pipeline_.jobs[position].job->name == job) id = run;
    }
    return store_.read_member(std::move(executor), id, std::move(path));
}

}  // namespace runner::local
