#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "executors/job_log.hpp"

namespace runner::job {

/// The lines of work whose turn in the job log has not come: they are kept until release(), then
/// written at once.
///
/// Life: `log` outlives it. Strand: the I/O thread.
class HeldLog final : public executors::JobLog {
  public:
    explicit HeldLog(executors::JobLog& log) : log_(log) {}

    void release();

    void print(std::string_view text) override { write(&JobLog::print, text); }
    void notice(std::string_view text) override { write(&JobLog::notice, text); }
    void heading(std::string_view text) override { write(&JobLog::heading, text); }
    void warning(std::string_view text) override { write(&JobLog::warning, text); }
    void error(std::string_view text) override { write(&JobLog::error, text); }
    /// What a transfer has done until its turn is not shown.
    void progress(std::string_view text, bool last) override;
    [[nodiscard]] std::string masked(std::string_view text) const override {
        return log_.masked(text);
    }

  private:
    using Writer = void (JobLog::*)(std::string_view);

    void write(Writer writer, std::string_view text);

    executors::JobLog& log_;
    bool released_ = false;
    std::vector<std::pair<Writer, std::string>> lines_;
};

}  // namespace runner::job
