#include "executors/helper/hold.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/unit/executors/helper/log_records.hpp"

namespace executors::helper {
namespace {

using namespace tests_support;

/// A process that holds, as the first one of a container does.
class HoldTest : public testing::Test {
  protected:
    void start(std::vector<std::string> command) {
        pid_ = ::fork();
        ASSERT_GE(pid_, 0);
        if (pid_ > 0) return;
        try {
            ::_exit(hold({directory_.path(), std::move(command)}));
        } catch (const std::exception&) {
            ::_exit(99);
        }
    }
    [[nodiscard]] int wait_end() const {
        int status = 0;
        EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    [[nodiscard]] UniqueFd reach() const { return reach_hold(directory_.path(), 20'000); }

    JobDirectory directory_;
    pid_t pid_ = -1;
};

TEST_F(HoldTest, BecomesTheProgramWithTheJobsVariables) {
    const std::string written = directory_.path() + "/written";
    start({"sh", "-c", "printf '%s %s' \"$NEW\" \"$MANY_LINES\" > " + written + "; exit 7"});
    const auto socket = reach();
    using namespace std::string_literals;
    const auto entries = "NEW=a=b\0MANY_LINES=one\ntwo\0=no name\0no value\0"s;
    release_hold(socket.get(), entries);
    EXPECT_EQ(wait_end(), 7);
    EXPECT_EQ(read_file_end(written, 100), "a=b one\ntwo");
    EXPECT_NE(::access((directory_.path() + "/hold").c_str(), F_OK), 0) << "it leaves no file";
}

TEST_F(HoldTest, AJobWithoutVariablesIsAJob) {
    start({"sh", "-c", "exit 3"});
    const auto socket = reach();
    release_hold(socket.get(), "");
    EXPECT_EQ(wait_end(), 3);
}

TEST_F(HoldTest, EndsWhenItsClientIsGone) {
    start({"sh", "-c", "exit 3"});
    reach().reset();
    EXPECT_EQ(wait_end(), 0);
}

TEST_F(HoldTest, AProgramThatDoesNotExistIsFoundAtOnce) {
    start({"no-such-program"});
    EXPECT_EQ(wait_end(), 99);
}

TEST(ReadReleaseTest, ReadsWhatTheDaemonSends) {
    const struct {
        std::string sent;
        bool fails;
        std::optional<std::string> read;
    } rows[] = {
        {"3\nA=B", false, "A=B"}, {"0\n", false, ""},
        {"2\nA=B", false, "A="},  {"", false, std::nullopt},
        {"9\nA=B", true, {}},     {"-1\nA=B", true, {}},
        {"x\n", true, {}},        {"3", true, {}},
        {"99999999\n", true, {}}, {"99999999999999999999\n", true, {}},
    };
    for (const auto& row : rows) {
        Pipe pipe = make_pipe();
        ASSERT_TRUE(write_all(pipe.write.get(), row.sent));
        pipe.write.reset();
        if (row.fails) {
            EXPECT_THROW(read_release(pipe.read.get()), Failure) << row.sent;
        } else {
            EXPECT_EQ(read_release(pipe.read.get()), row.read) << row.sent;
        }
    }
}

}  // namespace
}  // namespace executors::helper
