#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "executors/executor.hpp"

namespace tests {

/// What the next preparation does.
enum class PrepareBehaviour {
    kWorks,
    kFails,
    kStalls,  ///< does not end unless it is cancelled
};

/// One kind of executor under the contract test. It makes executors of that kind, and knows what
/// they leave behind.
///
/// Life: one for each test; it outlives the executors that it makes.
class ContractSubject {
  public:
    virtual ~ContractSubject() = default;
    virtual std::unique_ptr<executors::Executor> make(PrepareBehaviour behaviour) = 0;
    /// Adds to `job` what this kind of executor needs.
    virtual void complete(executors::JobEnvironment& job) { static_cast<void>(job); }
    /// Whether anything of the job is left.
    [[nodiscard]] virtual bool has_leftovers() const = 0;
    /// What this machine lacks for the subject, "" for nothing.
    [[nodiscard]] virtual std::string missing() const { return {}; }
    /// Whether a supervisor answers behind connect().
    [[nodiscard]] virtual bool runs_scripts() const { return false; }
};

/// `directory` is an empty directory for the time of the test; `executor` runs the test.
using MakeSubject = std::function<std::unique_ptr<ContractSubject>(
    const boost::asio::any_io_executor& executor, const std::filesystem::path& directory)>;

std::unique_ptr<ContractSubject> make_fake_subject(const boost::asio::any_io_executor& executor,
                                                   const std::filesystem::path& directory);
std::unique_ptr<ContractSubject> make_docker_subject(const boost::asio::any_io_executor& executor,
                                                     const std::filesystem::path& directory);
/// With the engine of DOCKER_HOST or the default socket.
std::unique_ptr<ContractSubject> make_real_docker_subject(
    const boost::asio::any_io_executor& executor, const std::filesystem::path& directory);
std::unique_ptr<ContractSubject> make_shell_subject(const boost::asio::any_io_executor& executor,
                                                    const std::filesystem::path& directory);
std::unique_ptr<ContractSubject> make_custom_subject(const boost::asio::any_io_executor& executor,
                                                     const std::filesystem::path& directory);

}  // namespace tests
