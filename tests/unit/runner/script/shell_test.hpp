#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>

#include "runner/config/config.hpp"
#include "runner/script/script_context.hpp"
#include "runner/script/variables.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/runner/script/run_shell.hpp"

namespace tests {

/// A job whose scripts run in one of the shells, below a directory of the test's own.
class ShellTest : public testing::TestWithParam<Shell> {
  protected:
    void SetUp() override {
        if (!is_installed(GetParam()))
            GTEST_SKIP() << GetParam().words.front() << " is not installed";
        directories_.project = (dir_.path() / "builds/g/p").string();
        directories_.tmp = directories_.project + ".tmp";
    }
    void set(std::string key, std::string value, bool file = false) {
        protocol::gitlab::Variable variable;
        variable.key = std::move(key);
        variable.value = std::move(value);
        variable.file = file;
        payload_.variables.push_back(std::move(variable));
    }

    [[nodiscard]] runner::script::Variables variables() const {
        runner::script::Variables variables(payload_, runner_, {});
        variables.set_directories(directories_);
        return variables;
    }

    /// With the built runner-helper, which is beside the test.
    [[nodiscard]] static runner::script::ScriptSettings settings() {
        runner::script::ScriptSettings settings;
        settings.helper =
            std::filesystem::read_symlink("/proc/self/exe").replace_filename("runner-helper");
        return settings;
    }

    TempDir dir_;
    protocol::gitlab::JobPayload payload_;
    runner::config::RunnerConfig runner_;
    runner::script::JobDirectories directories_;
};

}  // namespace tests
