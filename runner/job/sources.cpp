#include "runner/job/sources.hpp"

#include <fmt/format.h>

namespace runner::job {

namespace {
constexpr std::size_t kPieceBytes = 256 * 1024;
}  // namespace

base::Result<std::unique_ptr<ProgramBody>> ProgramBody::start(
    const boost::asio::any_io_executor& executor, const base::SubprocessOptions& options,
    int good) {
    auto process = base::Subprocess::start(executor, options);
    if (!process) return process.error();
    std::string name = options.arguments.front();
    if (name == "git") name += " " + options.arguments.at(1);
    return std::unique_ptr<ProgramBody>(
        new ProgramBody(std::move(name), std::move(*process), good));
}

base::Task<base::Result<std::string>> ProgramBody::next() {
    auto piece = co_await process_->read_some(kPieceBytes);
    if (!piece || !piece->empty()) co_return std::move(piece);
    auto status = co_await process_->wait();
    if (!status) co_return status.error();
    if (*status != 0 && *status != good_) {
        co_return base::make_error(base::ErrorKind::kIo,
                                   fmt::format("{} failed with exit code {}", name_, *status));
    }
    co_return std::string();
}

}  // namespace runner::job
