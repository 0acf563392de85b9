#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/local/display.hpp"
#include "runner/local/job_scheduler.hpp"

namespace runner::local {

/// The rows that the jobs of one pipeline have on the display. `job` is a job's position in the
/// pipeline. Strand: the I/O thread. `display` outlives it.
class PipelineRows final : public StateObserver {
  public:
    /// Adds a row for each of `jobs`. `prefix` is in front of their names.
    PipelineRows(Display& display, const std::vector<pipeline::plan::PlannedJob>& jobs,
                 const std::string& prefix);

    void on_state(std::size_t job, pipeline::state::Status status,
                  const std::string& note) override;
    /// Shows a note beside the job's present state.
    void note(std::size_t job, const std::string& note) { on_state(job, states_.at(job), note); }
    /// A line of the job's log, without its end.
    void line(std::size_t job, std::string_view text) { display_.line(first_ + job, text); }
    /// A line of the job's log that begins with "WARNING: ".
    void warn(std::size_t job, const std::string& sentence);
    /// What a running job is doing; asked at each redraw. Empty when the job has ended.
    void detail(std::size_t job, std::function<std::string()> detail) {
        display_.detail(first_ + job, std::move(detail));
    }

  private:
    Display& display_;
    std::size_t first_ = 0;  ///< row of the first job; the others follow it
    std::vector<pipeline::state::Status> states_;
};

}  // namespace runner::local
