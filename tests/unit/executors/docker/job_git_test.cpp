#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "base/digest.hpp"
#include "base/stop_source.hpp"
#include "base/task_group.hpp"
#include "executors/docker/docker_executor.hpp"
#include "tests/support/environment_variable.hpp"
#include "tests/support/job_log_lines.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/executors/docker/scripted_engine.hpp"
#include "tests/unit/executors/docker/simulated_engine.hpp"

/// Which git a job's container gets, in whole preparations on a simulated engine.
namespace executors::docker {
namespace {

class JobGitTest : public testing::Test {
  protected:
    void SetUp() override {
        // OpenSSL must begin in this thread: what it keeps for a thread of offload() counts as
        // lost.
        static_cast<void>(base::sha256_hex(""));
        write("helper");
        write("runner-git-amd64.tar.gz");
        docker_.pull_policy = {"if-not-present"};
        job_.base_name = "runner-x";
        job_.image = ImageSpec{};
        job_.image->name = "app";
        job_.project_dir = "/builds/p";
        job_.needs_git = true;
        engine_.add_image("app");
        engine_.files = {"/bin/sh"};
        connect();
    }
    void write(const std::string& name) {
        std::ofstream(dir_.path() / name) << "the bytes of " << name;
    }
    void connect(base::TaskGroup* background = nullptr) {
        connection_ = std::make_shared<EngineConnection>(
            context_.get_executor(), simulated_api(engine_), (dir_.path() / "helper").string(),
            PullRetries{}, background);
    }
    void use_mirror() {
        job_.builds_dir = "/builds";
        job_.volume_prefix = "runner-0123";
        job_.git_mirror = GitMirrorSource{};
        job_.git_mirror->volume = "mirror";
        engine_.volumes["mirror"] = nlohmann::json::object();
    }
    /// The next preparation is the first of a slot; the helper answers this.
    void begin_with_mirror(const std::string& answer) {
        engine_.volumes.clear();
        use_mirror();
        engine_.exec_output = exec_frame('1', answer);
    }
    static base::Task<base::Result<void>> wait(base::TaskGroup& group) {
        co_await group.wait();
        co_return base::Result<void>();
    }
    void image_has_git(const std::string& version) {
        engine_.files.insert("/usr/bin/git");
        engine_.exec_output = exec_frame('1', version);
    }
    base::Result<void> prepare() {
        engine_.requests.clear();
        log_.lines.clear();
        executor_ = make_docker_executor(context_.get_executor(), connection_, docker_, {}, {});
        return tests::run_to_end(context_, executor_->prepare(job_, log_));
    }
    /// Runs a job and answers where it finds the runner's git.
    std::string git_directory() {
        const auto prepared = prepare();
        EXPECT_TRUE(prepared) << (prepared ? "" : prepared.error().message);
        std::string found = executor_->info().git_directory;
        lfs_directory_ = executor_->info().lfs_directory;
        written_ = engine_.find("-build")->written;
        EXPECT_TRUE(tests::run_to_end(context_, executor_->cleanup(std::chrono::seconds(10))));
        return found;
    }
    [[nodiscard]] auto count(const std::string& method, const std::string& end) const {
        return std::count_if(engine_.requests.begin(), engine_.requests.end(),
                             [&](const auto& request) {
                                 return request.starts_with(method + " ") && request.ends_with(end);
                             });
    }
    [[nodiscard]] auto archives() const { return count("PUT", "/archive"); }

    boost::asio::io_context context_{1};
    tests::TempDir dir_;
    tests::EnvironmentVariable home_{"HOME", dir_.path().string()};
    SimulatedEngine engine_;
    DockerSettings docker_;
    JobEnvironment job_;
    tests::JobLogLines log_;
    std::shared_ptr<EngineConnection> connection_;
    std::unique_ptr<Executor> executor_;
    std::map<std::string, std::string> written_;
    std::string lfs_directory_;
};

constexpr const char* kRunnersGit = "/.runner/git/bin";

TEST_F(JobGitTest, AnImageWithoutGitGetsTheRunners) {
    EXPECT_EQ(git_directory(), kRunnersGit);
    EXPECT_TRUE(log_.has("Using the runner's git: the image has no git"));
    const auto first = archives();
    EXPECT_EQ(git_directory(), kRunnersGit);
    EXPECT_EQ(archives(), first - 2) << "the volume is filled once: with the helper, with git";
}

TEST_F(JobGitTest, AJobThatNeedsNoGitCostsNothing) {
    job_.needs_git = false;
    EXPECT_EQ(git_directory(), "");
    EXPECT_EQ(count("POST", "/exec"), 0);
    EXPECT_EQ(count("PUT", "/archive"), 1) << "the helper";
}

TEST_F(JobGitTest, TheImagesGitIsAskedForItsVersionOnce) {
    image_has_git("git version 2.31.0\n");
    EXPECT_EQ(git_directory(), "");
    EXPECT_EQ(count("POST", "/exec"), 2) << "and for git-lfs";
    EXPECT_EQ(archives(), 1) << "the helper";
    EXPECT_EQ(git_directory(), "");
    EXPECT_EQ(count("POST", "/exec"), 0);
}

TEST_F(JobGitTest, AnImageWithoutGitLfsGetsTheRunnersForItsFiles) {
    image_has_git("git version 2.39.0\n");
    EXPECT_EQ(git_directory(), "");
    EXPECT_EQ(lfs_directory_, "") << "it has git-lfs";
    connect();
    engine_.exec_exit_code = 1;
    EXPECT_EQ(git_directory(), "");
    EXPECT_EQ(lfs_directory_, kRunnersGit);
    std::filesystem::remove(dir_.path() / "runner-git-amd64.tar.gz");
    connect();
    engine_.volumes.clear();
    EXPECT_EQ(git_directory(), "");
    EXPECT_EQ(lfs_directory_, "") << "get_sources warns";
}

/// When a container ends, the kernel writes the whole disk's data, and git waits for it.
TEST_F(JobGitTest, TheContainerThatHasCopiedAMirrorEndsWithItsJob) {
    base::TaskGroup background(context_.get_executor());
    job_.needs_git = false;
    for (const bool given : {true, false}) {
        engine_.volumes.clear();
        connect(&background);
        use_mirror();
        engine_.exec_output = exec_frame(
            '1', given ? R"({"state":"done","bytes":7})" : R"({"state":"refused","reason":"no"})");
        ASSERT_TRUE(prepare());
        EXPECT_TRUE(log_.has(given ? "Using the git mirror" : "the server does not give")) << given;
        EXPECT_TRUE(tests::run_to_end(context_, wait(background)));
        EXPECT_EQ(engine_.find("-git-mirror") != nullptr, given);
        EXPECT_TRUE(tests::run_to_end(context_, executor_->cleanup(std::chrono::seconds(10))));
        EXPECT_EQ(engine_.find("-git-mirror"), nullptr);
    }
}

TEST_F(JobGitTest, AMirrorIsCopiedWhileServicesBecomeReady) {
    use_mirror();
    engine_.add_image("db", {{"ExposedPorts", {{"5432/tcp", nlohmann::json::object()}}}});
    job_.services = {ServiceSpec{}};
    job_.services[0].image.name = "db";
    base::StopSource stop;
    std::vector<std::string> started;
    engine_.on_start = [&](const SimulatedEngine::Container& container) {
        started.push_back(container.name);
        if (container.name.ends_with("-git-mirror")) stop.request(base::StopReason::kShutdown);
    };
    executor_ = make_docker_executor(context_.get_executor(), connection_, docker_, {}, {});
    auto preparing = executor_->prepare(job_, log_);
    const auto prepared =
        tests::run_to_end(context_, base::run_stoppable(&stop, std::move(preparing), std::nullopt));
    EXPECT_FALSE(prepared) << "it was stopped";
    ASSERT_FALSE(started.empty());
    EXPECT_TRUE(started.back().ends_with("-git-mirror")) << started.back();
    for (const auto& name : started) EXPECT_FALSE(name.ends_with("-build")) << name;
}

/// The engine gives a new volume what the image has in its place only while it is empty.
TEST_F(JobGitTest, AMirrorIsCopiedWhenTheJobsContainerWasMadeWhateverIsLate) {
    job_.needs_git = false;
    for (int late = 1; late < 30; ++late) {
        connect();
        begin_with_mirror(R"({"state":"done","bytes":7})");
        engine_.break_request(late, SimulatedEngine::Fault::kLate);
        ASSERT_TRUE(prepare());
        EXPECT_TRUE(log_.has("Using the git mirror"));
        // They look into the container before its start.
        const std::string looks = "HEAD /v1.45/containers/" + engine_.id_of_part("-build");
        bool copied = false;
        for (const auto& request : engine_.requests) {
            copied = copied || request.ends_with("/exec");
            EXPECT_FALSE(copied && request.starts_with(looks)) << late;
        }
        EXPECT_TRUE(copied);
        EXPECT_TRUE(tests::run_to_end(context_, executor_->cleanup(std::chrono::seconds(10))));
    }
}

TEST_F(JobGitTest, AServerThatNeedsLongToRefuseIsNotAskedByTheNextJob) {
    job_.needs_git = false;
    const std::map<std::string, std::string> answers{
        {R"({"state":"silent","proof_ms":30000})", "the server did not say within 30 s"},
        {R"({"state":"refused","reason":"no","proof_ms":5000})", "the server does not give"}};
    for (const auto& [answer, told] : answers) {
        for (const auto& expected : {told, std::string("the server did not answer a moment ago")}) {
            if (expected == told) connect();
            begin_with_mirror(answer);
            ASSERT_TRUE(prepare());
            EXPECT_TRUE(log_.has("The git mirror of this runner is not used: " + expected));
            EXPECT_EQ(count("POST", "/exec"), expected == told ? 1 : 0) << answer;
            EXPECT_TRUE(tests::run_to_end(context_, executor_->cleanup(std::chrono::seconds(10))));
        }
    }
}

TEST_F(JobGitTest, AnOldGitOrABrokenOneIsNotUsed) {
    image_has_git("git version 2.20.1\n");
    EXPECT_EQ(git_directory(), kRunnersGit);
    EXPECT_TRUE(log_.has("Using the runner's git: the image's git 2.20.1 is too old"));
    connect();
    image_has_git("git: error while loading shared libraries\n");
    EXPECT_EQ(git_directory(), kRunnersGit);
    EXPECT_TRUE(log_.has("Using the runner's git: the image's git does not work"));
}

TEST_F(JobGitTest, TheConfigurationDecides) {
    docker_.git = GitSource::kImage;
    EXPECT_EQ(git_directory(), "");
    image_has_git("git version 2.50.0\n");
    docker_.git = GitSource::kRunner;
    EXPECT_EQ(git_directory(), kRunnersGit);
    EXPECT_TRUE(log_.has("Using the runner's git: [runners.docker] git"));
}

TEST_F(JobGitTest, AnInstallationWithoutGitNamesTheRemedy) {
    std::filesystem::remove(dir_.path() / "runner-git-amd64.tar.gz");
    const auto prepared = prepare();
    ASSERT_FALSE(prepared);
    EXPECT_EQ(prepared.error().kind, base::ErrorKind::kIo);
    const std::string& message = prepared.error().message;
    EXPECT_NE(message.find("the image has no git: this installation of runner has no git for jobs"),
              std::string::npos)
        << message;
    EXPECT_NE(message.find("runner-git-amd64.tar.gz"), std::string::npos) << message;
    EXPECT_NE(message.find("install the whole package"), std::string::npos) << message;
    EXPECT_TRUE(tests::run_to_end(context_, executor_->cleanup(std::chrono::seconds(10))));
    image_has_git("git version 2.20.1\n");
    connect();
    EXPECT_EQ(git_directory(), "") << "most of get_sources works with an old git";
    EXPECT_TRUE(log_.has("WARNING: the image's git 2.20.1 is too old: this installation"));
}

TEST_F(JobGitTest, AnImageThatHasItsShellElsewhereGetsALink) {
    EXPECT_EQ(git_directory(), kRunnersGit);
    EXPECT_EQ(written_["/"].find("bin/sh"), std::string::npos);
    engine_.files = {"/busybox/sh"};
    EXPECT_EQ(git_directory(), kRunnersGit);
    EXPECT_NE(written_["/"].find("bin/sh"), std::string::npos);
    EXPECT_NE(written_["/"].find("/busybox/sh"), std::string::npos);
}

TEST_F(JobGitTest, ARestartedDaemonUsesTheSameGit) {
    ASSERT_TRUE(prepare());
    const std::string saved = executor_->saved_state();
    auto restarted = make_docker_executor(context_.get_executor(), connection_, docker_, {}, {});
    ASSERT_TRUE(tests::run_to_end(context_, restarted->restore(job_, saved)));
    EXPECT_EQ(restarted->info().git_directory, kRunnersGit);
    EXPECT_TRUE(tests::run_to_end(context_, restarted->cleanup(std::chrono::seconds(10))));
}

TEST_F(JobGitTest, AnEngineOfAnotherArchitectureGetsItsOwnPrograms) {
    engine_.architecture = "aarch64";
    const auto missing = prepare();
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, base::ErrorKind::kConfiguration);
    EXPECT_NE(
        missing.error().message.find("the Docker engine is arm64, and this installation of runner "
                                     "has no runner-helper for it"),
        std::string::npos)
        << missing.error().message;
    write("runner-helper-arm64");
    write("runner-git-arm64.tar.gz");
    connect();
    EXPECT_EQ(git_directory(), kRunnersGit);
}

TEST(HelperPath, IsThatOfTheEnginesArchitecture) {
    const std::string own = "/usr/lib/runner/runner-helper";
    EXPECT_EQ(helper_path_for(own, "x86_64", "x86_64"), own);
    EXPECT_EQ(helper_path_for(own, "amd64", "x86_64"), own);
    EXPECT_EQ(helper_path_for(own, "", "x86_64"), own);
    EXPECT_EQ(helper_path_for(own, "aarch64", "x86_64"), own + "-arm64");
    EXPECT_EQ(helper_path_for(own, "x86_64", "aarch64"), own + "-amd64");
    EXPECT_EQ(helper_path_for(own, "riscv64", "aarch64"), own + "-riscv64");
}

TEST(GitArchive, IsThatOfTheEnginesArchitecture) {
    EXPECT_EQ(git_archive_path("/usr/lib/runner/runner-helper", "x86_64"),
              "/usr/lib/runner/runner-git-amd64.tar.gz");
    EXPECT_EQ(git_archive_path("/usr/lib/runner/runner-helper", "aarch64"),
              "/usr/lib/runner/runner-git-arm64.tar.gz");
}

}  // namespace
}  // namespace executors::docker
