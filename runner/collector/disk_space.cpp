#include "runner/collector/disk_space.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <exception>
#include <future>
#include <map>
#include <system_error>
#include <thread>
#include <utility>

#include "base/unique_fd.hpp"

namespace runner::collector {

namespace fs = std::filesystem;
using base::Result;
using base::Task;
using status::DiskState;

namespace {

Result<DiskState> ask(const fs::path& shown, const fs::path& path) {
    struct statvfs about {};
    if (::statvfs(path.c_str(), &about) != 0)
        return base::errno_error(errno, "ask for the free space of " + path.string());
    DiskState disk;
    disk.path = shown.string();
    disk.size_bytes = std::uint64_t{about.f_blocks} * about.f_frsize;
    disk.free_bytes = std::uint64_t{about.f_bavail} * about.f_frsize;
    disk.inodes = about.f_files;
    disk.free_inodes = about.f_favail;
    return disk;
}

fs::path existing_part(fs::path path) {
    std::error_code none;
    while (path.has_relative_path() && !fs::exists(path, none)) path = path.parent_path();
    return path;
}

using Clock = std::chrono::steady_clock;

struct Question {
    std::future<Result<DiskState>> answer;
    Clock::time_point begun = Clock::now();

    [[nodiscard]] bool is_answered() const {
        return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }
};

/// Questions that their callers have given up, by path.
std::map<std::string, Question>& unanswered() {
    static std::map<std::string, Question> all;
    return all;
}

/// No signal goes to a thread that may hang.
class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  private:
    sigset_t before_{};
};

/// `answered` is closed after the answer.
Result<Question> begin(AskForSpace ask, base::UniqueFd answered) {
    std::promise<Result<DiskState>> promise;
    Question question{.answer = promise.get_future()};
    auto work = [ask = std::move(ask), promise = std::move(promise),
                 answered = std::move(answered)]() mutable {
        try {
            promise.set_value(ask());
        } catch (...) {
            promise.set_exception(std::current_exception());
        }
        answered.reset();
    };
    const SignalsBlocked none;
    try {
        std::thread(std::move(work)).detach();
    } catch (const std::system_error& error) {
        return base::make_error(error.code(), "start a thread");
    }
    return question;
}

}  // namespace

Task<Result<DiskState>> ask_for_space(std::string path, AskForSpace ask) {
    if (const auto former = unanswered().find(path); former != unanswered().end()) {
        if (!former->second.is_answered()) {
            const auto since = std::chrono::duration_cast<std::chrono::seconds>(
                Clock::now() - former->second.begun);
            co_return base::make_error(
                base::ErrorKind::kUnavailable,
                fmt::format("the file system of {} has not answered for {} s; it is still being "
                            "asked",
                            path, since.count()));
        }
        unanswered().erase(former);
    }
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) co_return base::errno_error(errno, "make a pipe");
    base::UniqueFd read(ends[0]);
    auto question = begin(std::move(ask), base::UniqueFd(ends[1]));
    if (!question) co_return question.error();
    auto executor = co_await boost::asio::this_coro::executor;
    boost::asio::posix::stream_descriptor answered(executor, read.release());
    auto [code] = co_await answered.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                               base::use_tuple);
    if (code) {
        unanswered().insert_or_assign(path, std::move(*question));
        co_return base::make_error(code, "ask for the free space of " + path);
    }
    co_return question->answer.get();
}

Task<Result<DiskState>> disk_space(fs::path path) {
    AskForSpace work = [path] { return ask(path, path); };
    auto asked = co_await ask_for_space(path.string(), std::move(work));
    co_return asked;
}

Task<Result<DiskState>> disk_space_above(fs::path path) {
    AskForSpace work = [path] { return ask(path, existing_part(path)); };
    auto asked = co_await ask_for_space(path.string(), std::move(work));
    co_return asked;
}

}  // namespace runner::collector
