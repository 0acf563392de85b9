#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runner/config/config.hpp"
#include "runner/local/pipeline_options.hpp"
#include "runner/local/workspace.hpp"
#include "runner/pipeline/load.hpp"
#include "runner/pipeline/plan/create.hpp"

namespace runner::local {

struct ExecOptions {
    Workspace* workspace = nullptr;               ///< outlives the call
    pipeline::include::Source* source = nullptr;  ///< gives included files; outlives the call
    pipeline::variables::Checkout checkout;
    pipeline::plan::CreateRequest request;
    pipeline::LoadRequest load;     ///< text of the configuration, inputs, edition
    std::vector<std::string> jobs;  ///< empty: the whole pipeline
    bool with_needs = false;        ///< the named jobs and what they need
    int concurrency = 1;            ///< jobs that run at once
    PipelineOptions pipeline;
    bool shell_on_failure = false;
    bool terminal = false;  ///< standard output is a terminal
    bool colours = false;
    std::shared_ptr<const config::Config> config;
    const config::RunnerConfig* runner = nullptr;  ///< in `config`
};

/// Runs jobs of the checkout's pipeline on this machine, until the last one has ended, and answers
/// the exit code: 0 for success (warnings included), 1 for a pipeline that failed or waits for a
/// manual job, and when a named job did not run; of a single job the exit code of its script;
/// 128 + n after signal n. A failure is what prevented the first job.
///
/// Nothing is left on the machine or in the Docker engine. The second interrupt ends the program at
/// once; it prints what it leaves.
base::Result<int> exec(ExecOptions options);

}  // namespace runner::local
