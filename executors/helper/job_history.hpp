#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "executors/helper/protocol.hpp"

namespace executors::helper {

/// What a job's event log says about the job so far, so that nothing is done twice: a stage that
/// has started is not started again, and a command with an id is carried out once. A supervisor
/// that takes over the log of one that died reads it from the records. Pure.
class JobHistory {
  public:
    /// A record that was in the log when the supervisor started.
    void take_record(const RecordHeader& header, const std::string& text);
    /// The bytes of output in those records.
    [[nodiscard]] std::uint64_t output_bytes() const { return output_bytes_; }
    /// The stages that have started and not ended.
    [[nodiscard]] std::vector<std::uint16_t> unfinished_stages() const;

    /// False when the stage has started before.
    bool begin_stage(std::uint16_t stage) { return started_.insert(stage).second; }
    /// `exit_json` is the text of the stage's kExited record.
    void end_stage(std::uint16_t stage, std::string exit_json);
    /// The text of the stage's kExited record; null when it has not ended.
    [[nodiscard]] const std::string* find_exit(std::uint16_t stage) const;

    /// False when a command with this id has come before.
    bool begin_command(const std::string& id) { return ids_.insert(id).second; }

  private:
    std::map<std::uint16_t, std::string> exits_;
    std::set<std::uint16_t> started_;
    std::set<std::string> ids_;
    std::uint64_t output_bytes_ = 0;
};

}  // namespace executors::helper
