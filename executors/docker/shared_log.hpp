#pragma once

#include <list>
#include <string_view>

#include "executors/job_log.hpp"

namespace executors::docker {

/// Writes the same lines into the logs of several jobs. Strand: the I/O thread. Each log outlives
/// its place in `logs`.
class SharedLog final : public JobLog {
  public:
    void print(std::string_view text) override {
        for (JobLog* log : logs) log->print(text);
    }
    void notice(std::string_view text) override {
        for (JobLog* log : logs) log->notice(text);
    }
    void heading(std::string_view text) override {
        for (JobLog* log : logs) log->heading(text);
    }
    void warning(std::string_view text) override {
        for (JobLog* log : logs) log->warning(text);
    }
    void error(std::string_view text) override {
        for (JobLog* log : logs) log->error(text);
    }

    std::list<JobLog*> logs;
};

}  // namespace executors::docker
