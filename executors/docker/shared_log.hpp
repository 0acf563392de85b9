#pragma once

#include <map>
#include <string_view>

#include "executors/job_log.hpp"

namespace executors::docker {

/// Writes the same lines into the logs of several jobs, once into each. A log that was added twice
/// is removed twice; it outlives its places. Strand: the I/O thread.
class SharedLog final : public JobLog {
  public:
    void add(JobLog& log) { ++places_[&log]; }
    void remove(JobLog& log) {
        const auto found = places_.find(&log);
        if (--found->second == 0) places_.erase(found);
    }
    [[nodiscard]] bool empty() const { return places_.empty(); }

    void print(std::string_view text) override {
        for (const auto& [log, places] : places_) log->print(text);
    }
    void notice(std::string_view text) override {
        for (const auto& [log, places] : places_) log->notice(text);
    }
    void heading(std::string_view text) override {
        for (const auto& [log, places] : places_) log->heading(text);
    }
    void warning(std::string_view text) override {
        for (const auto& [log, places] : places_) log->warning(text);
    }
    void error(std::string_view text) override {
        for (const auto& [log, places] : places_) log->error(text);
    }

  private:
    std::map<JobLog*, int> places_;
};

}  // namespace executors::docker
