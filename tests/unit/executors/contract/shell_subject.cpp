#include <fstream>

#include "executors/find_helper.hpp"
#include "executors/shell/shell_executor.hpp"
#include "tests/unit/executors/contract/subject.hpp"

namespace tests {

namespace {

/// The shell executor with the built runner-helper; a script in front of it makes the start of the
/// supervisor fail or stall.
class ShellSubject final : public ContractSubject {
  public:
    ShellSubject(const boost::asio::any_io_executor& executor,
                 const std::filesystem::path& directory)
        : executor_(executor), directory_(directory) {}

    std::unique_ptr<executors::Executor> make(PrepareBehaviour behaviour) override {
        std::string helper;
        if (behaviour == PrepareBehaviour::kFails) helper = write_helper("echo refused; exit 1");
        if (behaviour == PrepareBehaviour::kStalls) helper = write_helper("exec sleep 60");
        return executors::shell::make_shell_executor(executor_,
                                                     {.shell = {}, .user = {}, .helper = helper});
    }
    [[nodiscard]] bool has_leftovers() const override {
        return std::filesystem::exists(directory_ / "state" / "supervisor");
    }
    [[nodiscard]] bool runs_scripts() const override { return true; }

  private:
    std::string write_helper(const std::string& supervise) {
        const auto path = directory_ / "helper";
        std::ofstream(path) << "#!/bin/sh\nif [ \"$1\" = supervise ]; then " << supervise
                            << "; fi\nexec '" << executors::find_helper() << "' \"$@\"\n";
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return path.string();
    }

    boost::asio::any_io_executor executor_;
    std::filesystem::path directory_;
};

}  // namespace

std::unique_ptr<ContractSubject> make_shell_subject(const boost::asio::any_io_executor& executor,
                                                    const std::filesystem::path& directory) {
    return std::make_unique<ShellSubject>(executor, directory);
}

}  // namespace tests
