#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "executors/job_log.hpp"
#include "runner/status/snapshot.hpp"

namespace runner::job {

/// The log of the job's channel, which also keeps what the job waits for in the job's state.
///
/// Life: `log` and `state` outlive it. Strand: the I/O thread.
class WatchedLog final : public executors::JobLog {
  public:
    WatchedLog(executors::JobLog& log, status::JobState& state) : log_(log), state_(state) {}

    void print(std::string_view text) override { log_.print(text); }
    void notice(std::string_view text) override { log_.notice(text); }
    void heading(std::string_view text) override { log_.heading(text); }
    void warning(std::string_view text) override { log_.warning(text); }
    void error(std::string_view text) override { log_.error(text); }
    void progress(std::string_view text, bool last) override { log_.progress(text, last); }
    void service(std::string_view text, bool failed) override { log_.service(text, failed); }
    [[nodiscard]] std::string masked(std::string_view text) const override {
        return log_.masked(text);
    }
    void wait(std::string_view what, bool begins) override;

  private:
    executors::JobLog& log_;
    status::JobState& state_;
    std::vector<std::string> waits_;
};

}  // namespace runner::job
