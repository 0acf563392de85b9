#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace tests {

/// The directory of the test cases of the pipeline language.
inline std::filesystem::path pipeline_cases() {
    return std::filesystem::path(RUNNER_SOURCE_DIR) / "tests/data/pipelines";
}

inline std::string read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    EXPECT_TRUE(in) << file;
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace tests
