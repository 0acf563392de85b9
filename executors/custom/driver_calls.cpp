#include "executors/custom/driver_calls.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/stop_source.hpp"
#include "executors/driver.hpp"

namespace executors::custom {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

base::SubprocessOptions options_of(const DriverCall& call) {
    base::SubprocessOptions options;
    options.arguments = call.arguments;
    options.arguments.insert(options.arguments.begin(), call.program);
    options.environment = call.environment;
    options.environment.push_back("BUILD_EXIT_CODE_FILE=" + (call.directory / call.name).string());
    options.directory = call.directory.string();
    options.errors_with_output = true;
    options.output_file = call.output_file;
    return options;
}

Result<int> judge(const DriverCall& call, int status) {
    auto code = job_exit_code(status, 0, call.directory / call.name);
    if (!code) return code.error().with_context(call.name);
    return code;
}

}  // namespace

DriverCalls::DriverCalls(boost::asio::any_io_executor executor, std::chrono::seconds grace,
                         std::chrono::seconds patience)
    : executor_(std::move(executor)), grace_(grace), patience_(patience) {}

Task<Result<int>> DriverCalls::run(DriverCall call) {
    const base::SubprocessOptions options = options_of(call);
    auto process = DriverProcess::start(executor_, options, std::move(call.on_line));
    if (!process) co_return process.error().with_context(call.name);
    process_ = std::move(*process);
    auto waiting = process_->wait();
    auto status = co_await base::with_deadline(std::move(waiting), call.limit);
    if (!status && status.error().is(ErrorKind::kCancelled)) {
        process_->ask_to_end();
        co_return status.error();
    }
    auto ending = end();
    auto ended = co_await std::move(ending);
    if (status) co_return judge(call, *status);
    if (!ended) co_return ended.error().with_context(call.name);
    if (!status.error().is(ErrorKind::kTimeout)) co_return status.error();
    co_return base::make_error(
        ErrorKind::kIo,
        fmt::format("{0} did not end within {0}_timeout ({1} s)", call.name, call.limit.count()));
}

Task<Result<void>> DriverCalls::end() {
    if (!process_) co_return Result<void>();
    auto ending = process_->end(grace_, patience_);
    auto ended = co_await std::move(ending);
    process_.reset();
    co_return ended;
}

void DriverCalls::be_quiet() {
    if (process_) process_->be_quiet();
}

}  // namespace executors::custom
