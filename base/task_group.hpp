#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include "base/notifier.hpp"
#include "base/task.hpp"

namespace base {

/// The only place that starts a coroutine nobody awaits at once. Every child belongs to a group,
/// and the group's owner waits for the last of them: no error and no lifetime is lost.
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
    /// Asks every child there is now to stop (terminal cancellation); one that has not begun never
    /// does.
    void cancel_all();
    /// Returns when no child is left. May be called while children start others.
    Task<void> wait();
    [[nodiscard]] std::size_t size() const { return children_.size(); }

  private:
    struct Child {
        std::string name;
        boost::asio::cancellation_signal signal;
        bool cancelled = false;
    };
    /// A child that is cancelled before its first step has nothing yet that a signal could reach.
    static Task<void> run_unless_cancelled(const Child& child, Task<void> task);

    boost::asio::any_io_executor executor_;
    std::list<Child> children_;
    Notifier changed_;
};

}  // namespace base
