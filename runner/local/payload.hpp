#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "protocol/gitlab/payload.hpp"
#include "runner/pipeline/plan/create.hpp"

/// A job of a pipeline that was planned on this machine, in the words in which a server hands jobs
/// out (runner-protocol.md §2.7): the engine does not know the difference. Pure.
namespace runner::local {

/// What all jobs of one local pipeline share. Times in seconds.
struct PipelineFacts {
    std::int64_t id = 1;
    std::int64_t project_id = 1;
    pipeline::variables::Collection predefined;  ///< of checkout and event
    pipeline::variables::Collection given;       ///< for this run: they win over the file
    std::string sha;
    std::string before_sha;
    std::string ref;
    bool is_tag = false;
    std::chrono::seconds timeout{3600};  ///< of a job that names none
};

/// One run of one job.
struct JobRequest {
    const PipelineFacts* pipeline = nullptr;
    const pipeline::plan::PlannedJob* planned = nullptr;
    std::int64_t id = 1;
    base::Secret token;
    std::string started_at;  ///< ISO 8601
    /// Of dotenv reports that earlier jobs left; later ones win.
    std::vector<pipeline::variables::Variable> inherited;
    std::vector<protocol::gitlab::Dependency> dependencies;
    /// The checkout's files, and git's name for the content of one: what `cache:key:files` goes by.
    const std::vector<std::string>* files = nullptr;
    std::function<std::string(const std::string& path)> blob_id;
};

/// Variables are merged by GitLab's precedence (predefined, file, inherited, given) and expanded
/// among each other as the server does it; what is undefined stays for the engine.
protocol::gitlab::JobPayload make_payload(const JobRequest& request);

/// Those of a pipeline that has its number.
pipeline::variables::Collection pipeline_variables(const PipelineFacts& facts);

/// What a job's keywords see before it is handed out: predefined variables of the pipeline and the
/// job, those of the file, of the dotenv reports it gets, and those given for this run.
pipeline::variables::Collection known_to(
    const pipeline::plan::PlannedJob& planned, const pipeline::variables::Collection& predefined,
    const std::vector<pipeline::variables::Variable>& inherited,
    const pipeline::variables::Collection& given);

/// What the job asks for that only a server can give, a sentence each: id_tokens, release, reports,
/// artifacts of other pipelines and projects.
std::vector<std::string> server_only(const pipeline::plan::PlannedJob& planned);

/// Paths of the job's reports of one type; none when it has no such report.
std::vector<std::string> report_paths(const pipeline::plan::Job& job, const std::string& type);

}  // namespace runner::local
