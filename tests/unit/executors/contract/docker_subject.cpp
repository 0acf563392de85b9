#include <cstdlib>
#include <fstream>

#include "executors/docker/docker_executor.hpp"
#include "tests/support/environment_variable.hpp"
#include "tests/unit/executors/contract/subject.hpp"
#include "tests/unit/executors/docker/simulated_engine.hpp"

namespace tests {

namespace {

using executors::docker::EngineConnection;
using executors::docker::SimulatedEngine;

/// The docker executor with a simulated engine.
class DockerSubject final : public ContractSubject {
  public:
    DockerSubject(const boost::asio::any_io_executor& executor,
                  const std::filesystem::path& directory)
        : executor_(executor),
          home_("HOME", directory.string()),
          helper_((directory / "helper").string()) {
        std::ofstream(helper_) << "a program";
        engine_.add_image("app");
        docker_.pull_policy = {"never"};
    }
    std::unique_ptr<executors::Executor> make(PrepareBehaviour behaviour) override {
        // The inspection of the image, after the version, the engine's description and a volume:
        // there is something to clean up.
        constexpr int kRequest = 4;
        if (behaviour == PrepareBehaviour::kFails) {
            engine_.break_request(kRequest, SimulatedEngine::Fault::kRefused);
        }
        if (behaviour == PrepareBehaviour::kStalls) {
            engine_.break_request(kRequest, SimulatedEngine::Fault::kSilent);
        }
        auto connection = std::make_shared<EngineConnection>(
            executor_, executors::docker::simulated_api(engine_), helper_);
        return executors::docker::make_docker_executor(executor_, connection, docker_, {}, {});
    }
    void complete(executors::JobEnvironment& job) override {
        job.image = executors::ImageSpec{};
        job.image->name = "app";
    }
    [[nodiscard]] bool has_leftovers() const override {
        for (const auto& thing : engine_.inventory()) {
            if (!thing.starts_with("volume runner-helper")) return true;
        }
        return false;
    }

  private:
    boost::asio::any_io_executor executor_;
    EnvironmentVariable home_;
    std::string helper_;
    SimulatedEngine engine_;
    executors::docker::DockerSettings docker_;
};

}  // namespace

std::unique_ptr<ContractSubject> make_docker_subject(const boost::asio::any_io_executor& executor,
                                                     const std::filesystem::path& directory) {
    return std::make_unique<DockerSubject>(executor, directory);
}

}  // namespace tests
