#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "runner/config/config.hpp"
#include "tests/support/temp_dir.hpp"

namespace tests {

/// Loads a configuration from its text.
class LoadConfig : public testing::Test {
  protected:
    base::Result<runner::config::Config> load(const std::string& text) {
        std::ofstream(path_) << text;
        return runner::config::load_config(path_);
    }
    std::string failure(const std::string& text) {
        const auto config = load(text);
        if (!config) return config.error().message;
        std::string problems;
        for (const auto& runner : config->runners) problems += runner.problem;
        return problems.empty() ? "loaded" : problems;
    }
    /// A valid entry with additional lines.
    static std::string entry(const std::string& more = "", const std::string& docker = "") {
        return "[[runners]]\n  name = \"a\"\n  url = \"https://git.example\"\n  token = "
               "\"glrt-x\"\n"
               "  executor = \"docker\"\n" +
               more + "  [runners.docker]\n    image = \"alpine\"\n" + docker;
    }

    tests::TempDir dir_;
    std::filesystem::path path_ = dir_.path() / "config.toml";
};

}  // namespace tests
