#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "executors/docker/labels.hpp"
#include "executors/docker/warm_pool.hpp"
#include "tests/unit/executors/docker/docker_executor_fixture.hpp"

namespace executors::docker {

/// Jobs of one runner that makes environments ahead, against a simulated engine.
class WarmPoolTest : public DockerExecutorTest {
  protected:
    void SetUp() override {
        DockerExecutorTest::SetUp();
        engine_.exec_output = exec_frame('1', "held\n");
        docker_.warm = kWarmAuto;
        dind_.builder = false;
        dind_.platforms = Platforms::kHost;
        job_.services.clear();
        job_.network_per_build = false;
        job_.labels = labels_of_runner("abc", "system");
        job_.labels[label_name("job.id")] = "7";
        job_.environment = {{"CI_JOB_ID", "7"}, {"GREETING", "hello"}};
        open_pool();
    }
    void TearDown() override { pool_.reset(); }
    void open_pool() {
        WarmPool::Surroundings surroundings;
        surroundings.now = [this] { return now_; };
        surroundings.pressure = [this] { return pressure_; };
        pool_ = std::make_shared<WarmPool>(context_.get_executor(), surroundings);
        connection_ = std::make_shared<EngineConnection>(
            context_.get_executor(), simulated_api(engine_), (dir_.path() / "helper").string());
        configure();
        if (starts_) pool_->start();
    }
    void configure(bool paused = false) {
        pool_->configure({{.id = "abc",
                           .docker = &docker_,
                           .dind = &dind_,
                           .registries = &registries_,
                           .others = others_,
                           .places = 4,
                           .paused = paused}});
    }
    std::unique_ptr<Executor> make_job() {
        return make_docker_executor(context_.get_executor(), connection_, docker_, dind_, {},
                                    pool_);
    }
    base::Result<void> run(base::Task<base::Result<void>> task) {
        return tests::run_until_done(context_, std::move(task));
    }
    /// Lets the pool work until `done`.
    template <typename Done>
    void work_until(Done done) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        context_.restart();
        while (!done() && context_.run_one_until(end) != 0) {
        }
        ASSERT_TRUE(done());
    }
    void start_and_end_a_job() {
        auto job = make_job();
        const auto prepared = run(job->prepare(job_, log_));
        ASSERT_TRUE(prepared.has_value()) << prepared.error().message;
        const auto removed = run(job->cleanup(std::chrono::seconds(10)));
        ASSERT_TRUE(removed.has_value()) << removed.error().message;
        now_ += std::chrono::seconds(1);
    }
    void make_one_ready() {
        start_and_end_a_job();
        work_until([this] { return pool_->states().size() == 1; });
    }
    void close_pool() {
        auto closing = pool_->close();
        const auto closed = run(as_result(std::move(closing)));
        ASSERT_TRUE(closed.has_value());
    }
    static base::Task<base::Result<void>> as_result(base::Task<void> task) {
        co_await std::move(task);
        co_return base::Result<void>();
    }
    [[nodiscard]] const WarmCounts& counts() const { return pool_->counts().at("abc"); }
    [[nodiscard]] std::uint64_t missed(WarmMiss why) const {
        return counts().misses[static_cast<int>(why)];
    }
    [[nodiscard]] std::ptrdiff_t created() const {
        return std::count_if(engine_.requests.begin(), engine_.requests.end(),
                             [](const auto& r) { return r.ends_with("/containers/create"); });
    }
    [[nodiscard]] std::string container() const { return engine_.id_of_part("-build"); }

    WarmTime now_ = std::chrono::steady_clock::now();
    std::string pressure_;
    bool starts_ = true;  ///< open_pool()
    std::vector<RegistrySettings> registries_;
    std::vector<std::string> others_;
    std::shared_ptr<EngineConnection> connection_;
    std::shared_ptr<WarmPool> pool_;
};

}  // namespace executors::docker
