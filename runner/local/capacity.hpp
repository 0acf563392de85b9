#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "base/notifier.hpp"

namespace runner::local {

/// How many jobs may run at once on this machine, and which resource groups they hold. All
/// pipelines of one `runner exec` share it. Whoever waits for a free slot, or for the end of the
/// last job, waits here.
///
/// Bridges take no slot and no resource group: the jobs of the child pipeline take them, and a
/// child would wait for its own bridge for ever.
///
/// Strand: the I/O thread.
class Capacity {
  public:
    Capacity(const boost::asio::any_io_executor& executor, int slots)
        : free_(slots), changed_(executor) {}

    /// `group`: the job's resource group, "" for none.
    [[nodiscard]] bool has_room_for(const std::string& group) const {
        return free_ > 0 && !held_groups_.contains(group);
    }
    void take(const std::string& group);
    void give_back(const std::string& group);

    /// No job runs, and the user is not being asked: whoever has a question may ask it.
    [[nodiscard]] bool may_ask() const { return busy_ == 0 && !asking_; }
    void begin_question() { asking_ = true; }
    void end_question();

    void notify_changed() { changed_.notify_all(); }
    base::Task<void> wait_for_change() { return changed_.wait(); }

    [[nodiscard]] int free_slots() const { return free_; }

  private:
    int free_;
    int busy_ = 0;
    std::set<std::string> held_groups_;
    bool asking_ = false;
    base::Notifier changed_;
};

}  // namespace runner::local
