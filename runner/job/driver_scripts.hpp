#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "executors/driver.hpp"
#include "executors/session/stage_command.hpp"
#include "runner/job/job_context.hpp"
#include "runner/job/stage_judge.hpp"

namespace runner::job {

/// Gives scripts to the driver of the custom executor: each is a file in the driver's directory,
/// and a call of its program that the supervisor runs.
///
/// Life: that of `context`, in an environment that has a driver. Strand: the I/O thread.
class DriverScripts {
  public:
    explicit DriverScripts(const JobContext& context) : context_(context) {}

    /// Writes the script's file. The stage's name is that of the stage that the job is in. A file
    /// that a former daemon wrote is written again, with the same text. Failures: those of
    /// base/files.hpp.
    base::Result<executors::session::StageCommand> command(std::uint16_t number,
                                                           const std::string& script);
    /// What the end of the call means for the job, in the place of the program's own exit code.
    /// Removes the script's file, which holds secrets.
    StageResult end(std::uint16_t number, StageResult result);

  private:
    [[nodiscard]] const executors::ScriptDriver& driver() const;
    [[nodiscard]] std::filesystem::path directory(std::uint16_t number) const;
    [[nodiscard]] std::filesystem::path code_file(std::uint16_t number) const;

    const JobContext& context_;
};

}  // namespace runner::job
