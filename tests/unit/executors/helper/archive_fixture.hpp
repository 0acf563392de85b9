#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "executors/helper/archive_writer.hpp"
#include "executors/helper/file_selection.hpp"
#include "executors/helper/files_command.hpp"
#include "executors/helper/posix.hpp"
#include "tests/support/temp_dir.hpp"

namespace executors::helper {

namespace fs = std::filesystem;

/// A project directory, the working directory of the test.
class Archives : public testing::Test {
  protected:
    void SetUp() override {
        fs::create_directories(project_ / "out/sub");
        fs::current_path(project_);
        write("out/a.txt", "alpha");
        write("out/sub/b.log", std::string(100'000, 'b'));
        write("out/sub/.hidden", "");
        write("top.log", "t");
        fs::create_symlink("a.txt", "out/link");
        fs::permissions("out/a.txt", fs::perms::owner_all);
    }
    void TearDown() override { fs::current_path(before_); }

    /// A file that was written long before any archive: a cache that is as new as its files is
    /// written again.
    static void write(const std::string& path, const std::string& text) {
        std::ofstream(path, std::ios::binary) << text;
        fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
    }
    Selection select(std::vector<std::string> paths, std::vector<std::string> excludes = {}) {
        const Report report{[this](const std::string& line) { lines_.push_back(line); },
                            [this](const std::string& line) { lines_.push_back("! " + line); }};
        return select_files({std::move(paths), std::move(excludes), false}, report);
    }
    static std::string names(const Selection& selection) {
        std::string text;
        for (const auto& [path, status] : selection) text += path + " ";
        return text;
    }
    fs::path pack(ArchiveFormat format, const Selection& selection) {
        fs::path path = directory_.path() / "archive";
        const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600));
        write_archive(format, compression_level(""), selection, file.get(),
                      {[](const auto&) {}, [](const auto&) {}});
        return path;
    }
    static int run(const std::string& request) { return run_files_command(request); }

    tests::TempDir directory_;
    fs::path project_ = directory_.path() / "project";
    fs::path before_ = fs::current_path();
    std::vector<std::string> lines_;
};

}  // namespace executors::helper
