#include "base/subprocess.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <array>
#include <cerrno>

#include "base/stop_source.hpp"
#include "tests/support/run_to_end.hpp"

namespace {

using base::Subprocess;
using base::SubprocessOptions;
using base::Task;

struct Ended {
    std::string output;
    int status = -1;
};

Task<Ended> run_program(SubprocessOptions options) {
    auto executor = co_await boost::asio::this_coro::executor;
    Ended ended;
    auto process = Subprocess::start(executor, options);
    if (!process) {
        ended.output = process.error().message;
        co_return ended;
    }
    while (true) {
        auto piece = co_await (*process)->read_some(100);
        if (!piece || piece->empty()) break;
        ended.output += *piece;
    }
    auto status = co_await (*process)->wait();
    ended.status = status ? *status : -1;
    co_return ended;
}

Ended sh(const std::string& script, bool errors = false) {
    SubprocessOptions options;
    options.arguments = {"sh", "-c", script};
    options.environment = {"GREETING=hello"};
    options.directory = "/";
    options.errors_with_output = errors;
    return tests::run_to_end(run_program(options));
}

TEST(Subprocess, GivesOutputAndStatus) {
    const Ended ended = sh("pwd; echo $GREETING; exit 42");
    EXPECT_EQ(ended.output, "/\nhello\n");
    EXPECT_EQ(ended.status, 42);
}

TEST(Subprocess, OrphansAreReapedAndAwaitedProgramsKeepTheirStatus) {
    boost::asio::io_context context(1);
    SubprocessOptions options;
    options.arguments = {"sh", "-c", "exit 7"};
    auto awaited = Subprocess::start(context.get_executor(), options);
    ASSERT_TRUE(awaited);
    const pid_t orphan = ::fork();
    if (orphan == 0) ::_exit(0);
    siginfo_t ended{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(orphan), &ended, WEXITED | WNOWAIT), 0);
    base::reap_orphans();
    const auto status = tests::run_to_end(context, (*awaited)->wait());
    ASSERT_TRUE(status);
    EXPECT_EQ(*status, 7);
    EXPECT_EQ(::waitpid(orphan, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST(Subprocess, StandardErrorIsReadOnlyOnRequest) {
    EXPECT_EQ(sh("echo e >&2").output, "");
    EXPECT_EQ(sh("echo e >&2", true).output, "e\n");
}

TEST(Subprocess, ASignalIsAStatusAbove128) { EXPECT_EQ(sh("kill -9 $$").status, 137); }

TEST(Subprocess, ALifelineStaysOpen) {
    SubprocessOptions options;
    options.arguments = {"timeout", "0.2", "cat"};
    options.lifeline = true;
    EXPECT_EQ(tests::run_to_end(run_program(options)).status, 124);
}

TEST(Subprocess, StandardInputIsEmpty) { EXPECT_EQ(sh("cat; echo done").output, "done\n"); }

TEST(Subprocess, AMissingProgramIsNamed) {
    SubprocessOptions options;
    options.arguments = {"no-such-program"};
    EXPECT_NE(tests::run_to_end(run_program(options)).output.find("no-such-program"),
              std::string::npos);
}

Task<pid_t> start_and_drop() {
    auto executor = co_await boost::asio::this_coro::executor;
    SubprocessOptions options;
    options.arguments = {"sh", "-c", "echo $$; sleep 1000"};
    auto process = Subprocess::start(executor, options);
    if (!process) co_return -1;
    auto line = co_await (*process)->read_some(100);
    co_return std::stoi(*line);
}

TEST(Subprocess, IsKilledWithItsObject) {
    const pid_t pid = tests::run_to_end(start_and_drop());
    ASSERT_GT(pid, 0);
    EXPECT_NE(::kill(pid, 0), 0);
}

/// A process that starts a program on a socket and ends at once; answers the program's end of the
/// socket.
base::UniqueFd program_of_a_process_that_ended() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return {};
    base::UniqueFd ours(ends[0]);
    const base::UniqueFd theirs(ends[1]);
    const pid_t parent = ::fork();
    if (parent == 0) {
        ours.reset();
        boost::asio::io_context context(1);
        SubprocessOptions options;
        options.arguments = {"sleep", "1000"};
        options.stdio_socket = theirs.get();
        const auto process = Subprocess::start(context.get_executor(), options);
        ::_exit(process ? 0 : 1);  // no destructor runs, as in a daemon that is killed
    }
    int status = -1;
    ::waitpid(parent, &status, 0);
    return status == 0 ? std::move(ours) : base::UniqueFd();
}

TEST(Subprocess, AProgramOnASocketEndsWithItsParent) {
    const base::UniqueFd socket = program_of_a_process_that_ended();
    ASSERT_TRUE(socket);
    pollfd wanted{socket.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&wanted, 1, 10000), 1) << "the program lives on";
    char byte = 0;
    EXPECT_EQ(::read(socket.get(), &byte, 1), 0);
}

}  // namespace
