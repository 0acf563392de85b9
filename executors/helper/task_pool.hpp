#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace executors::helper {

/// Runs tasks on several threads, in the order in which they come.
///
/// Threads: made by the constructor, ended by the destructor, which waits for the tasks that were
/// begun and drops the others. One thread calls submit(). With less than two threads submit() does
/// the work itself. What a task throws comes from its future.
class TaskPool {
  public:
    explicit TaskPool(unsigned threads);
    ~TaskPool();
    TaskPool(const TaskPool&) = delete;
    TaskPool& operator=(const TaskPool&) = delete;

    template <typename Work>
    auto submit(Work work) {
        using Result = std::invoke_result_t<Work&>;
        auto task = std::make_shared<std::packaged_task<Result()>>(std::move(work));
        auto result = task->get_future();
        run([task] { (*task)(); });
        return result;
    }
    /// How many tasks may wait at a time, so that no thread is idle and memory stays bounded.
    [[nodiscard]] std::size_t depth() const { return 2 * threads_.size() + 1; }

  private:
    void run(std::function<void()> task);
    void work();

    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<std::function<void()>> tasks_;
    bool over_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace executors::helper
