#include "base/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <cassert>
#include <vector>

#include "base/log.hpp"
#include "base/stop_source.hpp"

namespace base {

TaskGroup::TaskGroup(const boost::asio::any_io_executor& executor)
    : executor_(executor), changed_(executor) {}

TaskGroup::~TaskGroup() { assert(children_.empty() && "wait() must come before the destructor"); }

void TaskGroup::spawn(std::string name, Task<void> task) {
    const auto entry = children_.emplace(children_.end());
    entry->name = std::move(name);
    auto on_end = [this, entry](const std::exception_ptr& failure) {
        if (failure) {
            const Error error = error_from_exception(failure);
            if (!error.is(ErrorKind::kCancelled)) {
                log::error("Task failed", {{"task", entry->name}, {"error", error.message}});
            }
        }
        children_.erase(entry);
        changed_.notify_all();
    };
    auto child = run_unless_cancelled(*entry, std::move(task));
    boost::asio::co_spawn(executor_, std::move(child),
                          boost::asio::bind_cancellation_slot(entry->signal.slot(), on_end));
}

Task<void> TaskGroup::run_unless_cancelled(const Child& child, Task<void> task) {
    if (child.cancelled) co_return;
    co_await std::move(task);
}

void TaskGroup::cancel_all() {
    std::vector<std::list<Child>::iterator> now;
    for (auto entry = children_.begin(); entry != children_.end(); ++entry) now.push_back(entry);
    for (auto entry : now) entry->cancelled = true;
    for (auto entry : now) entry->signal.emit(boost::asio::cancellation_type::terminal);
}

Task<void> TaskGroup::wait() {
    while (!children_.empty()) {
        co_await changed_.wait();
    }
}

}  // namespace base
