#include "executors/helper/git_mirror.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "executors/helper/git_process.hpp"
#include "executors/helper/git_seed.hpp"
#include "executors/helper/posix.hpp"
#include "tests/support/environment_variable.hpp"
#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

namespace fs = std::filesystem;

/// A server that is a repository in the file system, a mirror of it, and jobs that clone.
class GitMirror : public testing::Test {
  protected:
    void SetUp() override {
        fs::create_directories(volume_);
        fs::create_directories(builds_);
        static_cast<void>(git_.run({"init", "-q", "-b", "main", server_}));
        for (const char* text : {"one", "two", "three", "four"}) commit(text);
        request_.url = "file://" + server_.string();
        request_.username = "user";
        request_.password = "password";
        request_.ref = "main";
    }
    void commit(const std::string& text) {
        std::ofstream(server_ / "file") << text;
        static_cast<void>(git_.run({"-C", server_, "add", "file"}));
        static_cast<void>(git_.run({"-C", server_, "commit", "-q", "-m", text}));
    }
    MirrorAnswer fill(const FillLimits& limits = {}) {
        return fill_mirror(request_, volume_, limits);
    }
    MirrorAnswer copy(std::uint64_t most_whole_bytes = kMostWholeBytes) {
        return seed_mirror(request_, {.volume = volume_,
                                      .target = seed_,
                                      .work = work_,
                                      .most_whole_bytes = most_whole_bytes});
    }
    /// Shell code that runs in place of git, with the same arguments, before git does.
    void before_git(const std::string& code) {
        const std::string path = std::getenv("PATH");
        fs::create_directories(tools_);
        std::ofstream(tools_ / "git")
            << "#!/bin/sh\nPATH='" << path << "'\ncd '" << tools_.string() << "'\n"
            << code << "\nexec git \"$@\"\n";
        fs::permissions(tools_ / "git", fs::perms::owner_all);
        path_.emplace("PATH", tools_.string() + ":" + path);
    }
    /// A job's new repository with what was copied.
    fs::path seeded() {
        fs::path project = builds_ / "project";
        fs::remove_all(project);
        static_cast<void>(git_.run({"init", "-q", project}));
        seed_repository(project, seed_);
        return project;
    }
    std::string in(const fs::path& repository, std::vector<std::string> words) {
        words.insert(words.begin(), {"-C", repository});
        return git_.run(std::move(words));
    }
    std::size_t generations() {
        std::size_t count = 0;
        for (const auto& name : list_directory(volume_)) count += name.starts_with("g-") ? 1 : 0;
        return count;
    }

    tests::TempDir dir_;
    fs::path server_ = dir_.path() / "server";
    fs::path volume_ = dir_.path() / "volume";
    fs::path builds_ = dir_.path() / "builds";
    fs::path seed_ = builds_ / ".seed";
    fs::path work_ = dir_.path() / "work";
    fs::path tools_ = dir_.path() / "tools";
    std::optional<tests::EnvironmentVariable> path_;
    GitProcess git_{{{"user.name", "a"}, {"user.email", "a@b"}}};
    MirrorRequest request_;
};

TEST_F(GitMirror, GivesANewRepositoryTheWholeHistory) {
    EXPECT_EQ(prove_mirror(request_).state, "done");
    const auto filled = fill();
    EXPECT_EQ(filled.state, "done");
    const auto copied = copy();
    EXPECT_EQ(copied.state, "done");
    EXPECT_EQ(copied.bytes, filled.bytes);
    const fs::path project = seeded();
    EXPECT_FALSE(fs::exists(seed_));
    EXPECT_EQ(in(project, {"rev-list", "--count", "refs/runner-mirror/0"}), "4\n");
    fs::remove_all(server_);
    fs::remove_all(volume_);
    EXPECT_EQ(in(project, {"fsck", "--strict"}), "");
    EXPECT_EQ(in(project, {"show", "refs/runner-mirror/0:file"}), "four");
}

TEST_F(GitMirror, OfManyBytesGivesAShallowRepositoryNoMoreThanItsDepth) {
    const auto filled = fill();
    request_.depth = 2;
    const auto copied = copy(1);
    EXPECT_EQ(copied.state, "done");
    EXPECT_LT(copied.bytes, filled.bytes);
    const fs::path project = seeded();
    EXPECT_EQ(in(project, {"rev-list", "--count", "refs/runner-mirror/0"}), "2\n");
    EXPECT_EQ(in(project, {"rev-parse", "--is-shallow-repository"}), "true\n");
    fs::remove_all(server_);
    fs::remove_all(volume_);
    fs::remove_all(work_);
    EXPECT_EQ(in(project, {"fsck"}), "");
    EXPECT_EQ(in(project, {"show", "refs/runner-mirror/0:file"}), "four");
}

TEST_F(GitMirror, OfManyBytesGivesAllOfAHistoryThatIsShorterThanTheDepth) {
    ASSERT_EQ(fill().state, "done");
    request_.depth = 20;
    EXPECT_EQ(copy(1).state, "done");
    const fs::path project = seeded();
    EXPECT_EQ(in(project, {"rev-list", "--count", "refs/runner-mirror/0"}), "4\n");
    EXPECT_EQ(in(project, {"rev-parse", "--is-shallow-repository"}), "false\n");
    EXPECT_EQ(in(project, {"fsck", "--strict"}), "");
}

/// A copy costs less than the choice of its objects; the fetch that follows makes it shallow.
TEST_F(GitMirror, OfFewBytesGivesAShallowRepositoryAllThatItHas) {
    ASSERT_EQ(fill().state, "done");
    request_.depth = 2;
    EXPECT_EQ(copy().state, "done");
    const fs::path project = seeded();
    EXPECT_EQ(in(project, {"rev-list", "--count", "refs/runner-mirror/0"}), "4\n");
    static_cast<void>(in(project, {"fetch", "-q", "--depth", "2", "file://" + server_.string(),
                                   "main:refs/remotes/origin/main"}));
    EXPECT_EQ(in(project, {"rev-list", "--count", "refs/remotes/origin/main"}), "2\n");
    EXPECT_EQ(in(project, {"count-objects"}), "0 objects, 0 kilobytes\n");
}

TEST_F(GitMirror, GivesNothingOfAPackThatWasCutOff) {
    ASSERT_EQ(fill().state, "done");
    for (const auto& file : fs::recursive_directory_iterator(volume_ / "current" / "objects")) {
        if (file.path().extension() != ".pack") continue;
        fs::permissions(file.path(), fs::perms::owner_write, fs::perm_options::add);
        fs::resize_file(file.path(), file.file_size() - 1);
    }
    EXPECT_THROW(copy(), Failure);
    EXPECT_FALSE(fs::exists(seed_ / "packed-refs"));
}

TEST_F(GitMirror, BeginsWithTheDefaultBranchForARefThatItDoesNotHave) {
    ASSERT_EQ(fill().state, "done");
    request_.depth = 1;
    request_.ref = "refs/merge-requests/1/head";
    EXPECT_EQ(copy(1).state, "done");
    EXPECT_EQ(in(seeded(), {"show", "refs/runner-mirror/0:file"}), "four");
}

TEST_F(GitMirror, GivesNothingWhereTheCopyFails) {
    ASSERT_EQ(fill().state, "done");
    // The refs come after the packs.
    std::ofstream(volume_ / "current/packed-refs") << "damaged\n";
    EXPECT_THROW(copy(), Failure);
    EXPECT_TRUE(fs::is_empty(builds_)) << "a copy that is not complete stays for good";
}

TEST_F(GitMirror, GivesNothingOfARepositoryThatTheServerRefuses) {
    ASSERT_EQ(fill().state, "done");
    request_.url += "-gone";
    const auto refused = copy();
    EXPECT_EQ(refused.state, "refused");
    EXPECT_NE(refused.reason.find("does not"), std::string::npos) << refused.reason;
    EXPECT_TRUE(fs::is_empty(builds_));
    request_.depth = 1;
    EXPECT_EQ(copy(1).state, "refused");
    EXPECT_FALSE(fs::exists(work_)) << "no history is chosen for nobody";
    std::ofstream(volume_ / "current/packed-refs") << "damaged\n";
    EXPECT_EQ(copy().state, "refused") << "why it cannot be copied is not for this job";
}

/// The copy is made meanwhile, but nobody finds it.
TEST_F(GitMirror, HasNoNamesInTheBuildsVolumeBeforeTheServerHasAnswered) {
    ASSERT_EQ(fill().state, "done");
    before_git("case \"$*\" in ls-remote*) until ls -l /proc/$PPID/fd | grep -q ' " +
               builds_.string() + "/#.*deleted'; do sleep 0.01; done; ls -A '" + builds_.string() +
               "' > seen;; esac");
    EXPECT_EQ(copy().state, "done");
    EXPECT_TRUE(fs::exists(tools_ / "seen"));
    EXPECT_EQ(fs::file_size(tools_ / "seen"), 0U);
    EXPECT_EQ(in(seeded(), {"fsck", "--strict"}), "");
}

TEST_F(GitMirror, IsCopiedAfterTheAnswerWhereEveryFileHasAName) {
    ASSERT_EQ(fill().state, "done");
    const MirrorPlaces places{
        .volume = volume_, .target = seed_, .work = work_, .nameless_files = false};
    before_git("case \"$*\" in ls-remote*) sleep 0.1; ls -A '" + builds_.string() +
               "' > seen;; esac");
    EXPECT_EQ(seed_mirror(request_, places).state, "done");
    EXPECT_EQ(fs::file_size(tools_ / "seen"), 0U);
    EXPECT_EQ(in(seeded(), {"fsck", "--strict"}), "");
    request_.url += "-gone";
    EXPECT_EQ(seed_mirror(request_, places).state, "refused");
    EXPECT_FALSE(fs::exists(seed_));
}

TEST_F(GitMirror, DoesNotWaitForASilentServer) {
    before_git("sleep 60");
    const auto asked = prove_mirror(request_, std::chrono::milliseconds(50));
    EXPECT_EQ(asked.state, "silent");
    EXPECT_GE(asked.proof, std::chrono::milliseconds(50));
}

TEST_F(GitMirror, OfAVolumeThatNobodyFilledIsEmpty) {
    EXPECT_EQ(copy().state, "empty");
    EXPECT_TRUE(fs::is_empty(volume_));
}

TEST_F(GitMirror, IsEmptyUntilAFillingWasComplete) {
    fs::create_directories(volume_ / "g-1/objects/pack");
    std::ofstream(volume_ / "read-lock") << "";
    EXPECT_EQ(copy().state, "empty");
    EXPECT_FALSE(fs::exists(seed_));
    EXPECT_EQ(fill().state, "done");
    EXPECT_EQ(generations(), 1U);
}

TEST_F(GitMirror, StaysAsItWasWhenAFillingFails) {
    ASSERT_EQ(fill().state, "done");
    const std::string url = request_.url;
    request_.url += "-gone";
    EXPECT_THROW(fill(), Failure);
    EXPECT_EQ(generations(), 1U) << "nothing of a filling that failed stays";
    const auto proven = prove_mirror(request_);
    EXPECT_EQ(proven.state, "refused");
    EXPECT_NE(proven.reason.find("does not"), std::string::npos) << proven.reason;
    request_.url = url;
    EXPECT_EQ(copy().state, "done");
}

/// A login that counts for one call only: the job ends then.
TEST_F(GitMirror, IsFilledWhenTheLoginEndsWithTheFetch) {
    before_git(
        "case \"$*\" in *' fetch '*) touch fetched;; *ls-remote*) [ ! -e fetched ] || exit 128;; "
        "esac");
    EXPECT_EQ(fill().state, "done");
    EXPECT_TRUE(fs::exists(tools_ / "fetched"));
    EXPECT_EQ(in(volume_ / "current", {"symbolic-ref", "HEAD"}), "refs/heads/main\n");
}

TEST_F(GitMirror, HasNoMoreBytesThanItMay) {
    std::ofstream(server_ / "random") << [] {
        std::string bytes(400'000, '\0');
        std::uint32_t state = 1;
        for (char& byte : bytes)
            byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
        return bytes;
    }();
    static_cast<void>(in(server_, {"add", "random"}));
    commit("five");
    FillLimits limits;
    limits.most_bytes = 100'000;
    try {
        fill(limits);
        FAIL() << "it has more";
    } catch (const Failure& failure) {
        EXPECT_NE(std::string(failure.what()).find("needs more than"), std::string::npos)
            << failure.what();
    }
    EXPECT_EQ(generations(), 0U);
    limits.most_bytes = 1'000'000;
    EXPECT_EQ(fill(limits).state, "done");
    limits.most_bytes = 1000;
    EXPECT_THROW(fill(limits), Failure);
    EXPECT_EQ(copy().state, "done") << "what was there stays";
}

TEST_F(GitMirror, EndsAGitThatTakesTooLong) {
    const std::string never = dir_.path() / "never";
    ASSERT_EQ(::mkfifo(never.c_str(), 0600), 0);
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
    const GitProcess git({}, {}, {end, 0});
    try {
        static_cast<void>(git.run({"hash-object", "--no-filters", never}));
        FAIL() << "nobody writes what it reads";
    } catch (const GitFailure& failure) {
        EXPECT_NE(std::string(failure.what()).find("did not end in time"), std::string::npos)
            << failure.what();
    }
}

TEST_F(GitMirror, AsksNoConfigurationOfTheSystemAndNoProxyOfTheEnvironment) {
    const fs::path config = dir_.path() / "gitconfig";
    std::ofstream(config) << "[url \"file:///elsewhere\"]\n\tinsteadOf = " << request_.url << "\n";
    const tests::EnvironmentVariable system("GIT_CONFIG_SYSTEM", config.string());
    const tests::EnvironmentVariable proxy("https_proxy", "http://elsewhere");
    const std::string seen = git_.run({"-c", "alias.seen=!env", "seen"});
    EXPECT_EQ(prove_mirror(request_).state, "done");
    EXPECT_EQ(seen.find("elsewhere"), std::string::npos) << seen;
    EXPECT_NE(seen.find("GIT_CONFIG_NOSYSTEM=1"), std::string::npos) << seen;
}

TEST_F(GitMirror, IsFilledByOneAtATime) {
    const UniqueFd other(::open((volume_ / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
    EXPECT_EQ(fill().state, "busy");
    EXPECT_EQ(generations(), 0U);
}

TEST_F(GitMirror, KeepsTheGenerationThatSomebodyCopies) {
    ASSERT_EQ(fill().state, "done");
    const UniqueFd reader(::open((volume_ / "read-lock").c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::flock(reader.get(), LOCK_SH), 0);
    ASSERT_EQ(fill().state, "done");
    ASSERT_EQ(fill().state, "done");
    EXPECT_EQ(generations(), 3U);
    ASSERT_EQ(::flock(reader.get(), LOCK_UN), 0);
    ASSERT_EQ(fill().state, "done");
    EXPECT_EQ(generations(), 2U);
}

TEST_F(GitMirror, HasWhatIsNewAndForgetsWhatWasDeleted) {
    static_cast<void>(in(server_, {"checkout", "-q", "-b", "other"}));
    commit("secret");
    const std::string secret = in(server_, {"rev-parse", "HEAD"});
    static_cast<void>(in(server_, {"checkout", "-q", "main"}));
    ASSERT_EQ(fill().state, "done");
    const std::string object = secret.substr(0, 40);
    EXPECT_EQ(in(volume_ / "current", {"cat-file", "-t", object}), "commit\n");
    commit("five");
    static_cast<void>(in(server_, {"branch", "-D", "-q", "other"}));
    ASSERT_EQ(fill().state, "done");
    EXPECT_EQ(in(volume_ / "current", {"show", "main:file"}), "five");
    EXPECT_THROW(in(volume_ / "current", {"cat-file", "-t", object}), Failure);
}

TEST_F(GitMirror, ForgetsWhatATagHeldThatWasDeleted) {
    static_cast<void>(in(server_, {"checkout", "-q", "--detach"}));
    commit("secret");
    static_cast<void>(in(server_, {"tag", "v1"}));
    const std::string object = in(server_, {"rev-parse", "HEAD"}).substr(0, 40);
    static_cast<void>(in(server_, {"checkout", "-q", "main"}));
    ASSERT_EQ(fill().state, "done");
    EXPECT_EQ(in(volume_ / "current", {"cat-file", "-t", object}), "commit\n");
    static_cast<void>(in(server_, {"tag", "-d", "v1"}));
    ASSERT_EQ(fill().state, "done");
    EXPECT_THROW(in(volume_ / "current", {"cat-file", "-t", object}), Failure);
    EXPECT_EQ(in(volume_ / "current", {"show", "main:file"}), "four");
}

/// The former generation says nothing: its objects are not taken.
TEST_F(GitMirror, TakesNothingOfADamagedGeneration) {
    ASSERT_EQ(fill().state, "done");
    for (const auto& entry : fs::directory_iterator(volume_ / "current/objects/pack")) {
        if (entry.path().extension() != ".pack") continue;
        fs::permissions(entry.path(), fs::perms::owner_all);
        fs::resize_file(entry.path(), fs::file_size(entry.path()) - 1);
    }
    EXPECT_EQ(fill().state, "done");
    EXPECT_EQ(in(volume_ / "current", {"fsck", "--strict"}), "");
}

TEST_F(GitMirror, IsMadeAnewWhereItIsDamaged) {
    ASSERT_EQ(fill().state, "done");
    for (const auto& entry : fs::directory_iterator(volume_ / "current/objects/pack")) {
        fs::permissions(entry.path(), fs::perms::owner_all);
        fs::resize_file(entry.path(), 10);
    }
    request_.renew = true;
    EXPECT_EQ(fill().state, "done");
    EXPECT_EQ(in(volume_ / "current", {"show", "main:file"}), "four");
}

TEST(GitMirrorRequest, HasDefaults) {
    const auto request = parse_mirror_request(R"({"url":"https://a/b.git","depth":3})");
    EXPECT_EQ(request.url, "https://a/b.git");
    EXPECT_EQ(request.depth, 3);
    EXPECT_FALSE(request.renew);
    EXPECT_THROW(parse_mirror_request("[]"), Failure);
}

}  // namespace
}  // namespace executors::helper
