#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>

#include "base/unique_fd.hpp"
#include "executors/docker/docker_executor.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/unit/executors/contract/subject.hpp"

namespace tests {

namespace {

using executors::docker::EngineConnection;

constexpr const char* kImage = "runner-test/busybox:latest";
constexpr const char* kLabel = "runner-contract";

/// Listens on a port of the loopback interface and never answers.
class SilentServer {
  public:
    SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* any = reinterpret_cast<sockaddr*>(&address);
        if (::bind(socket_.get(), any, size) != 0 || ::listen(socket_.get(), 8) != 0 ||
            ::getsockname(socket_.get(), any, &size) != 0) {
            throw std::runtime_error("cannot listen on the loopback interface");
        }
        port_ = ntohs(address.sin_port);
    }
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  private:
    base::UniqueFd socket_;
    int port_ = 0;
};

/// The docker executor with a real engine. A preparation fails because of an image that does not
/// exist, and stalls at a registry that does not answer.
class RealDockerSubject final : public ContractSubject {
  public:
    RealDockerSubject(const boost::asio::any_io_executor& executor,
                      const std::filesystem::path& directory)
        : executor_(executor), mark_(directory.filename().string()) {
        const char* helper = std::getenv("RUNNER_TEST_STATIC_HELPER");
        if (helper != nullptr) helper_ = helper;
    }
    std::unique_ptr<executors::Executor> make(PrepareBehaviour behaviour) override {
        executors::docker::DockerSettings docker;
        docker.pull_policy = {behaviour == PrepareBehaviour::kStalls ? "always" : "never"};
        image_ = kImage;
        if (behaviour == PrepareBehaviour::kFails) image_ = "runner-test/no-such-image";
        if (behaviour == PrepareBehaviour::kStalls) image_ = registry_.address() + "/app";
        if (job_ != nullptr) job_->image->name = image_;
        return executors::docker::make_docker_executor(executor_, connect(executor_), docker, {},
                                                       {});
    }
    void complete(executors::JobEnvironment& job) override {
        job.image = executors::ImageSpec{};
        job.image->name = image_;
        job.labels[kLabel] = mark_;
        job.base_name += "-" + mark_;
        job_ = &job;
    }
    [[nodiscard]] bool has_leftovers() const override {
        boost::asio::io_context context(1);
        auto connection = connect(context.get_executor());
        const std::map<std::string, std::string> labels{{kLabel, mark_}};
        auto& api = connection->api();
        const auto containers = run_until_done(context, api.list_containers(labels));
        const auto networks = run_until_done(context, api.list_networks(labels));
        const auto volumes = run_until_done(context, api.list_volumes(labels));
        return !containers.value().empty() || !networks.value().empty() || !volumes.value().empty();
    }
    [[nodiscard]] std::string missing() const override {
        if (helper_.empty()) {
            return "RUNNER_TEST_STATIC_HELPER does not name the runner-helper of a release build";
        }
        boost::asio::io_context context(1);
        auto connection = connect(context.get_executor());
        const auto image = run_until_done(context, connection->api().inspect_image(kImage));
        return image ? "" : image.error().message;
    }
    [[nodiscard]] bool runs_scripts() const override { return true; }

  private:
    [[nodiscard]] std::shared_ptr<EngineConnection> connect(
        const boost::asio::any_io_executor& executor) const {
        return executors::docker::make_engine_connection(executor, {}, helper_).value();
    }

    boost::asio::any_io_executor executor_;
    std::string mark_;
    std::string helper_;
    std::string image_ = kImage;
    executors::JobEnvironment* job_ = nullptr;
    SilentServer registry_;
};

}  // namespace

std::unique_ptr<ContractSubject> make_real_docker_subject(
    const boost::asio::any_io_executor& executor, const std::filesystem::path& directory) {
    return std::make_unique<RealDockerSubject>(executor, directory);
}

}  // namespace tests
