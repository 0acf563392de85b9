#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runner/config/config.hpp"
#include "runner/local/pipeline_run.hpp"
#include "runner/local/workplace.hpp"
#include "runner/pipeline/load.hpp"
#include "runner/pipeline/plan/create.hpp"

namespace runner::local {

struct ExecOptions {
    Workplace* place = nullptr;  ///< outlives the call, as does `source`
    pipeline::include::Source* source = nullptr;
    pipeline::variables::Checkout checkout;
    pipeline::plan::CreateRequest request;
    pipeline::LoadRequest load;     ///< text of the configuration, inputs, edition
    std::vector<std::string> jobs;  ///< empty: the pipeline
    bool with_needs = false;
    int concurrency = 1;
    PipelineWishes wishes;
    bool shell_on_failure = false;
    bool terminal = false;  ///< standard output is one
    bool colours = false;
    std::shared_ptr<const config::Config> config;
    const config::RunnerConfig* runner = nullptr;  ///< in `config`
};

/// Runs jobs of the checkout's pipeline on this machine. The exit code: 0 for success (warnings
/// included), 1 for a pipeline that failed or waits for a manual job, and when a job that was named
/// did not run; of a single job the code of its script; 128 + n after signal n. A failure is what
/// prevented the first job. Nothing stays behind on the machine or its engine; the second interrupt
/// leaves at once and says what it left.
base::Result<int> exec(ExecOptions options);

}  // namespace runner::local
