#include "executors/helper/rest.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <thread>
#include <vector>

#include "executors/helper/hold.hpp"
#include "tests/unit/executors/helper/log_records.hpp"

namespace executors::helper {
namespace {

using namespace tests_support;

/// An engine with a containerd, and a program of somebody else, all children of the test.
class RestTest : public testing::Test {
  protected:
    void SetUp() override {
        engine_ = start([&] {
            const UniqueFd listener = listen_in(directory_.path(), "sock");
            ASSERT_TRUE(write_all(ready_.write.get(), "r"));
            ::pause();
        });
        containerd_ = start([] { ::pause(); });
        stranger_ = start([] { ::pause(); });
        char byte = 0;
        ASSERT_EQ(read_some(ready_.read.get(), &byte, 1), 1);
    }
    void TearDown() override {
        for (const pid_t pid : {engine_, containerd_, stranger_}) {
            ::kill(pid, SIGKILL);
            ::waitpid(pid, nullptr, 0);
        }
    }
    static pid_t start(const std::function<void()>& body) {
        const pid_t pid = ::fork();
        if (pid != 0) return pid;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        body();
        ::_exit(0);
    }
    /// "T" of /proc/<pid>/stat, which a signal brings about a moment later.
    static bool becomes(pid_t pid, bool stopped) {
        const std::int64_t until = monotonic_ms() + 20'000;
        while (monotonic_ms() < until) {
            const auto text = read_file_end("/proc/" + std::to_string(pid) + "/stat", 1024);
            const auto end = text.rfind(')');
            if (end != std::string::npos && (text.at(end + 2) == 'T') == stopped) return true;
            std::this_thread::yield();
        }
        return false;
    }
    [[nodiscard]] std::string socket() const { return directory_.path() + "/sock"; }
    std::function<std::vector<pid_t>()> processes() {
        return [this] { return std::vector<pid_t>{1, ::getpid(), engine_, containerd_}; };
    }

    JobDirectory directory_;
    Pipe ready_ = make_pipe();
    pid_t engine_ = -1;
    pid_t containerd_ = -1;
    pid_t stranger_ = -1;
};

TEST_F(RestTest, StopsTheProgramsAndLetsThemGoOn) {
    {
        Rest rest(socket(), processes());
        EXPECT_FALSE(rest.is_begun());
        ASSERT_TRUE(rest.begin());
        EXPECT_TRUE(rest.is_begun());
        EXPECT_TRUE(becomes(engine_, true));
        EXPECT_TRUE(becomes(containerd_, true));
        EXPECT_TRUE(becomes(stranger_, false)) << "it is none of the container's";
        rest.end();
        EXPECT_FALSE(rest.is_begun());
        EXPECT_TRUE(becomes(engine_, false));
        EXPECT_TRUE(becomes(containerd_, false));
        ASSERT_TRUE(rest.begin());
        EXPECT_TRUE(becomes(engine_, true));
    }
    EXPECT_TRUE(becomes(engine_, false)) << "a rest does not outlive its object";
}

TEST_F(RestTest, EndsWhenTheEngineIsAskedToEnd) {
    Rest rest(socket(), processes());
    ASSERT_TRUE(rest.begin());
    ASSERT_TRUE(becomes(engine_, true));
    const Pipe never = make_pipe();
    ::kill(engine_, SIGTERM);
    std::thread waits([&] { rest.wait_readable(never.read.get()); });
    waits.join();
    EXPECT_FALSE(rest.is_begun());
    EXPECT_TRUE(becomes(containerd_, false));
    int status = 0;
    EXPECT_EQ(::waitpid(engine_, &status, 0), engine_);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

TEST_F(RestTest, AnEngineThatIsGoneIsReported) {
    Rest rest(directory_.path() + "/none", processes());
    EXPECT_THROW(rest.begin(), Failure);
    EXPECT_FALSE(rest.is_begun());
}

TEST_F(RestTest, TheReleaseEndsIt) {
    Rest rest(socket(), processes());
    Pipe input = make_pipe();
    ASSERT_TRUE(write_all(input.write.get(), "wake\nrest\n"));
    std::optional<std::string> entries;
    std::thread holder([&] { entries = read_release(input.read.get(), &rest); });
    EXPECT_TRUE(becomes(engine_, true));
    ASSERT_TRUE(write_all(input.write.get(), "wake\n"));
    EXPECT_TRUE(becomes(engine_, false));
    ASSERT_TRUE(write_all(input.write.get(), "rest\n"));
    EXPECT_TRUE(becomes(engine_, true));
    ASSERT_TRUE(write_all(input.write.get(), "3\nA=B"));
    holder.join();
    EXPECT_EQ(entries, "A=B");
    EXPECT_TRUE(becomes(engine_, false));
    EXPECT_TRUE(becomes(containerd_, false));
}

TEST_F(RestTest, AContainerThatLeavesIsNotReleased) {
    Rest rest(socket(), processes());
    Pipe input = make_pipe();
    ASSERT_TRUE(write_all(input.write.get(), "rest\nleave\n3\nA=B"));
    bool rested = false;
    const auto leave = [&](Rest& its) { rested = its.is_begun(); };
    EXPECT_EQ(read_release(input.read.get(), &rest, leave), std::nullopt);
    EXPECT_TRUE(rested) << "the engine need not go on for it";
    rest.end();
}

TEST_F(RestTest, NothingRestsWithoutAnEngineThatWasNamed) {
    Pipe input = make_pipe();
    ASSERT_TRUE(write_all(input.write.get(), "rest\nwake\n0\n"));
    EXPECT_EQ(read_release(input.read.get()), "");
    EXPECT_TRUE(becomes(engine_, false));
}

}  // namespace
}  // namespace executors::helper
