#include <fstream>

#include "executors/custom/custom_executor.hpp"
#include "tests/unit/executors/contract/subject.hpp"

namespace tests {

namespace {

/// The custom executor with a driver of shell scripts. cleanup_exec removes what prepare_exec made.
class CustomSubject final : public ContractSubject {
  public:
    CustomSubject(const boost::asio::any_io_executor& executor,
                  const std::filesystem::path& directory)
        : executor_(executor), directory_(directory) {
        write_program("run", "exec sh \"$1\"");
        write_program("cleanup", "rm '" + environment().string() + "'");
    }

    std::unique_ptr<executors::Executor> make(PrepareBehaviour behaviour) override {
        std::string prepare = "echo ready > '" + environment().string() + "'\n";
        if (behaviour == PrepareBehaviour::kFails) prepare += "echo refused >&2; exit 2";
        if (behaviour == PrepareBehaviour::kStalls) prepare += "exec sleep 60";
        executors::custom::CustomSettings settings;
        settings.prepare_exec = write_program("prepare", prepare);
        settings.run_exec = (directory_ / "run").string();
        settings.cleanup_exec = (directory_ / "cleanup").string();
        return executors::custom::make_custom_executor(executor_, settings);
    }
    [[nodiscard]] bool has_leftovers() const override {
        return std::filesystem::exists(environment()) ||
               std::filesystem::exists(directory_ / "state" / "driver") ||
               std::filesystem::exists(directory_ / "state" / "supervisor");
    }
    [[nodiscard]] bool runs_scripts() const override { return true; }

  private:
    [[nodiscard]] std::filesystem::path environment() const { return directory_ / "environment"; }
    std::string write_program(const char* name, const std::string& commands) {
        const auto path = directory_ / name;
        std::ofstream(path) << "#!/bin/sh\n" << commands << "\n";
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return path.string();
    }

    boost::asio::any_io_executor executor_;
    std::filesystem::path directory_;
};

}  // namespace

std::unique_ptr<ContractSubject> make_custom_subject(const boost::asio::any_io_executor& executor,
                                                     const std::filesystem::path& directory) {
    return std::make_unique<CustomSubject>(executor, directory);
}

}  // namespace tests
