#include "executors/helper/task_pool.hpp"

namespace executors::helper {

TaskPool::TaskPool(unsigned threads) {
    if (threads < 2) return;
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

TaskPool::~TaskPool() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    ready_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void TaskPool::run(std::function<void()> task) {
    if (threads_.empty()) return task();
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }
    ready_.notify_one();
}

void TaskPool::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        ready_.wait(lock, [this] { return over_ || !tasks_.empty(); });
        if (over_) return;
        const auto task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        task();
        lock.lock();
    }
}

}  // namespace executors::helper
