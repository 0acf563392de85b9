#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "base/file_replacement.hpp"
#include "base/files.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/executors/helper/file_size_limit.hpp"

/// A file that is mounted by itself, whose change ends early. Only root can make the mount; the
/// process gets mounts that nobody else sees.
namespace {

using executors::helper::tests_support::FileSizeLimit;

const std::string kFormer = "concurrent = 1\n# a comment that is to stay\ncheck_interval = 3\n";
const std::string kLonger = kFormer + std::string(9000, '#') + "\n";
const std::string kShorter = "concurrent = 2\n";

class InPlaceCrash : public testing::Test {
  protected:
    void SetUp() override {
        if (::geteuid() != 0 || ::unshare(CLONE_NEWNS) != 0 ||
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
            GTEST_SKIP() << "only root can mount";
        write(kFormer);
        ASSERT_EQ(::mount(file_.c_str(), file_.c_str(), nullptr, MS_BIND, nullptr), 0);
    }
    void TearDown() override { ::umount2(file_.c_str(), MNT_DETACH); }

    void write(const std::string& text) const { std::ofstream(file_) << text; }
    [[nodiscard]] std::string text() const { return base::read_file(file_).value(); }

    /// Runs replace_file() in a process that is killed before its system call number `most`,
    /// counted from 0. True when it has ended before that.
    [[nodiscard]] bool replace_until(int most, const std::string& wanted) const {
        const pid_t child = ::fork();
        if (child == 0) {
            ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
            ::raise(SIGSTOP);
            ::_exit(base::replace_file(file_, wanted, 0600) ? 0 : 1);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        // Each call stops the process twice: before and after it.
        for (int stops = 0; WIFSTOPPED(status) && stops <= 2 * most; ++stops) {
            ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
            ::waitpid(child, &status, 0);
        }
        if (WIFSTOPPED(status)) {
            ::kill(child, SIGKILL);
            ::waitpid(child, &status, 0);
            return false;
        }
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
        return true;
    }

    tests::TempDir dir_;
    std::filesystem::path file_ = dir_.path() / "config.toml";
};

TEST_F(InPlaceCrash, LeavesOneOfTheTextsAtEachStep) {
    for (const auto& wanted : {kShorter, kLonger, std::string()}) {
        int undone = 0;
        bool ended = false;
        for (int step = 0; !ended && step < 1000; ++step) {
            write(kFormer);
            ended = replace_until(step, wanted);
            const auto repaired = base::end_interrupted_change(file_);
            ASSERT_TRUE(repaired) << repaired.error().message;
            if (*repaired == base::WholeText::kFormer) ++undone;
            EXPECT_TRUE(text() == kFormer || text() == wanted) << step << "\n" << text();
        }
        EXPECT_TRUE(ended);
        EXPECT_EQ(text(), wanted);
        EXPECT_GT(undone, 0) << "no step was between the first and the last byte";
    }
}

TEST_F(InPlaceCrash, IsUndoneByTheNextChange) {
    write(kFormer);
    const auto change = base::plan_in_place_change(kFormer, kLonger);
    std::string torn = kFormer + change.copy;
    torn.replace(0, 20, change.head, 10, 20);
    write(torn);
    ASSERT_TRUE(base::replace_file(file_, kShorter, 0600));
    EXPECT_EQ(text(), kShorter);
}

TEST_F(InPlaceCrash, AWriteThatFailsMidwayLeavesTheFormerText) {
    const auto needed = kFormer.size() + base::plan_in_place_change(kFormer, kLonger).copy.size();
    for (const auto most : {kFormer.size(), kFormer.size() + 10, needed - 10}) {
        FileSizeLimit limit(most);
        const auto done = base::replace_file(file_, kLonger, 0600);
        limit.lift();
        ASSERT_FALSE(done) << most;
        EXPECT_EQ(done.error().code.value(), EFBIG) << done.error().message;
        EXPECT_EQ(text(), kFormer) << most;
    }
}

}  // namespace
