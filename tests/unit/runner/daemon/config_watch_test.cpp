#include "runner/daemon/config_watch.hpp"

#include <gtest/gtest.h>

#include "base/files.hpp"
#include "base/stop_source.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using runner::daemon::ConfigWatch;

base::Task<bool> sees_change(std::filesystem::path watched, std::filesystem::path written) {
    auto executor = co_await boost::asio::this_coro::executor;
    auto watch = ConfigWatch::open(executor, watched);
    if (!watch) co_return false;
    if (!base::write_file_atomic(written, "x", 0600)) co_return false;
    auto waiting = watch->next_change();
    auto changed = co_await base::with_deadline(std::move(waiting), std::chrono::milliseconds(300));
    co_return changed.has_value();
}

TEST(ConfigWatch, SeesAReplacedFile) {
    const tests::TempDir dir;
    EXPECT_TRUE(tests::run_to_end(sees_change(dir.path() / "c.toml", dir.path() / "c.toml")));
}

TEST(ConfigWatch, IgnoresOtherFilesOfTheDirectory) {
    const tests::TempDir dir;
    EXPECT_FALSE(tests::run_to_end(sees_change(dir.path() / "c.toml", dir.path() / "other")));
}

TEST(ConfigWatch, AMissingDirectoryIsAnError) {
    EXPECT_FALSE(tests::run_to_end(sees_change("/nonexistent/c.toml", "/nonexistent/c.toml")));
}

}  // namespace
