#include "executors/custom/driver_process.hpp"

#include <csignal>
#include <utility>

#include "base/stop_source.hpp"

namespace executors::custom {

using base::Result;
using base::Task;

namespace {

constexpr std::size_t kPieceBytes = 16UL * 1024;
/// A longer line is handed on in pieces.
constexpr std::size_t kMaxLineBytes = 64UL * 1024;
/// How long after the program's end its output may still come.
constexpr std::chrono::seconds kDrain{1};

}  // namespace

Result<std::unique_ptr<DriverProcess>> DriverProcess::start(
    const boost::asio::any_io_executor& executor, const base::SubprocessOptions& options,
    OnLine on_line) {
    auto process = base::Subprocess::start(executor, options);
    if (!process) return process.error();
    auto made = std::unique_ptr<DriverProcess>(
        new DriverProcess(executor, std::move(*process), std::move(on_line)));
    made->group_.spawn("driver output", made->read());
    return made;
}

DriverProcess::DriverProcess(const boost::asio::any_io_executor& executor,
                             std::unique_ptr<base::Subprocess> process, OnLine on_line)
    : process_(std::move(process)),
      on_line_(std::move(on_line)),
      changed_(executor),
      group_(executor) {}

Task<void> DriverProcess::read() {
    while (true) {
        auto piece = co_await process_->read_some(kPieceBytes);
        if (!piece || piece->empty()) break;
        take(*piece);
    }
    if (!partial_.empty()) hand_on(std::exchange(partial_, {}));
    closed_ = true;
    changed_.notify_all();
}

void DriverProcess::take(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        partial_ += bytes.substr(0, end);
        if (end == std::string_view::npos) break;
        hand_on(std::exchange(partial_, {}));
        bytes.remove_prefix(end + 1);
    }
    if (partial_.size() >= kMaxLineBytes) hand_on(std::exchange(partial_, {}));
}

void DriverProcess::hand_on(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (on_line_) on_line_(line);
}

Task<Result<int>> DriverProcess::wait() {
    auto waiting = process_->wait();
    auto status = co_await std::move(waiting);
    if (!status) co_return status.error();
    ended_ = true;
    co_await stop_reading();
    co_return status;
}

void DriverProcess::ask_to_end() { process_->signal(SIGTERM); }

Task<void> DriverProcess::stop_reading() {
    if (!closed_) co_await changed_.wait_for(kDrain);
    group_.cancel_all();
    co_await group_.wait();
}

Task<Result<void>> DriverProcess::end(std::chrono::seconds grace, std::chrono::seconds patience) {
    bool dormant = false;
    if (!ended_) {
        process_->signal(SIGTERM);
        auto waiting = process_->wait();
        auto status = co_await base::with_deadline(std::move(waiting), grace);
        if (!status) {
            process_->signal(SIGKILL);
            auto killed = process_->wait();
            status = co_await base::with_deadline(std::move(killed), patience);
        }
        ended_ = status.has_value();
        dormant = !ended_;
    }
    co_await stop_reading();
    if (!dormant) co_return Result<void>();
    co_return base::make_error(base::ErrorKind::kIo,
                               "failed to kill process, likely process is dormant");
}

}  // namespace executors::custom
