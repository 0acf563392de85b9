#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "executors/job_log.hpp"

namespace executors::docker {

/// A job log without a job: keeps its lines for the job that comes later.
///
/// Strand: the I/O thread. What only shows progress is not kept.
class RecordedLog final : public JobLog {
  public:
    void print(std::string_view text) override { add(&JobLog::print, text); }
    void notice(std::string_view text) override { add(&JobLog::notice, text); }
    void heading(std::string_view text) override { add(&JobLog::heading, text); }
    void warning(std::string_view text) override { add(&JobLog::warning, text); }
    void error(std::string_view text) override { add(&JobLog::error, text); }
    void progress(std::string_view text, bool last) override {
        static_cast<void>(text);
        static_cast<void>(last);
    }

    void clear() { lines_.clear(); }
    void replay(JobLog& log) const {
        for (const Line& line : lines_) (log.*line.write)(line.text);
    }

  private:
    using Write = void (JobLog::*)(std::string_view);
    struct Line {
        Write write;
        std::string text;
    };
    void add(Write write, std::string_view text) { lines_.push_back({write, std::string(text)}); }

    std::vector<Line> lines_;
};

}  // namespace executors::docker
