#pragma once

#include "runner/config/inspect.hpp"

/// What a configuration must fulfil beyond the types of its keys. Only inspect.cpp calls these.
namespace runner::config::rules {

/// Adds findings with places taken from the nodes that were read.
class Reporter {
  public:
    explicit Reporter(std::vector<Finding>& findings) : findings_(findings) {}
    void error(Position place, std::string text) {
        findings_.push_back({Finding::Severity::kError, place, std::move(text)});
    }
    void note(Position place, std::string text) {
        findings_.push_back({Finding::Severity::kNote, place, std::move(text)});
    }
    void warning(Position place, std::string text) {
        findings_.push_back({Finding::Severity::kWarning, place, std::move(text)});
    }

  private:
    std::vector<Finding>& findings_;
};

/// Official meanings of zero and absence.
void apply_defaults(Config& config);

/// One [[runners]] entry whose node is given: expands variables, finds certificates, checks
/// addresses.
void check_runner(Config& config, RunnerConfig& runner, const Node& node, Reporter& report);

/// Rules between entries.
void check_whole(const Config& config, const Node& root, Reporter& report);

}  // namespace runner::config::rules
