#include "executors/helper/job_history.hpp"

#include "executors/helper/messages.hpp"

namespace executors::helper {

void JobHistory::take_record(const RecordHeader& header, const std::string& text) {
    switch (header.type) {
        case RecordType::kOutput: output_bytes_ += header.length; break;
        case RecordType::kStarted: started_.insert(header.stage); break;
        case RecordType::kExited: exits_[header.stage] = text; break;
        case RecordType::kNotice: ids_.insert(id_of_notice(text)); break;
    }
}

std::vector<std::uint16_t> JobHistory::unfinished_stages() const {
    std::vector<std::uint16_t> unfinished;
    for (const auto stage : started_) {
        if (exits_.count(stage) == 0) unfinished.push_back(stage);
    }
    return unfinished;
}

void JobHistory::end_stage(std::uint16_t stage, std::string exit_json) {
    exits_[stage] = std::move(exit_json);
}

const std::string* JobHistory::find_exit(std::uint16_t stage) const {
    const auto exit = exits_.find(stage);
    return exit == exits_.end() ? nullptr : &exit->second;
}

}  // namespace executors::helper
