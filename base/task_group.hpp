#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include "base/notifier.hpp"
#include "base/task.hpp"

namespace base {

/// Coroutines that run beside the one that started them. Only this class starts a coroutine without
/// awaiting it at once: each is the child of a group, and the owner of the group waits for the last
/// of them, so that no exception is lost and no child outlives what it uses.
///
/// Life: declare it last among the members that its children use; before it is destroyed, wait()
/// must have returned. Strand: the I/O thread. An exception that escapes a child is logged with its
/// name.
class TaskGroup {
  public:
    explicit TaskGroup(const boost::asio::any_io_executor& executor);
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    /// Starts `task`; `name` appears in the log when it fails.
    void spawn(std::string name, Task<void> task);
    /// Cancels every child that exists now (terminal cancellation); a child that has not begun does
    /// not begin any more.
    void cancel_all();
    /// Returns when no child is left. Children may start further children meanwhile.
    Task<void> wait();
    [[nodiscard]] std::size_t size() const { return children_.size(); }

  private:
    struct Child {
        std::string name;
        boost::asio::cancellation_signal signal;
        bool cancelled = false;
    };
    /// A child that is cancelled before its first step has attached no handler to its signal yet.
    static Task<void> run_unless_cancelled(const Child& child, Task<void> task);

    boost::asio::any_io_executor executor_;
    std::list<Child> children_;
    Notifier changed_;
};

}  // namespace base
