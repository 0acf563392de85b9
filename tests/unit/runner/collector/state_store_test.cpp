#include "runner/collector/state_store.hpp"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <fstream>

#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::collector {
namespace {

namespace fs = std::filesystem;

TEST(StateStore, HasWhatWasSetAsideForPeople) {
    const tests::TempDir dir;
    boost::asio::io_context context{1};
    StateStore store(dir.path());
    for (const char* file : {"history.sqlite", "history.sqlite.broken", "history.sqlite.broken-wal",
                             "jobs/7-a/spool", "jobs/8-a.broken/spool"}) {
        fs::create_directories((dir.path() / file).parent_path());
        std::ofstream(dir.path() / file) << std::string(5000, 'x');
    }
    const auto items = *tests::run_to_end(context, store.list());
    ASSERT_EQ(items.size(), 2U);
    EXPECT_EQ(items[0].name, (dir.path() / "jobs/8-a.broken").string());
    EXPECT_EQ(items[1].name, (dir.path() / "history.sqlite.broken").string());
    EXPECT_GE(*items[1].bytes, 10'000U) << "with what SQLite has beside it";
    for (const Item& item : items)
        EXPECT_TRUE(tests::run_to_end(context, store.remove(item)).has_value());
    EXPECT_TRUE(tests::run_to_end(context, store.list())->empty());
    EXPECT_FALSE(fs::exists(dir.path() / "history.sqlite.broken-wal"));
    EXPECT_TRUE(fs::exists(dir.path() / "history.sqlite"));
    EXPECT_TRUE(fs::exists(dir.path() / "jobs/7-a/spool"));
}

}  // namespace
}  // namespace runner::collector
