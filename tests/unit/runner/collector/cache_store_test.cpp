#include "runner/collector/cache_store.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <fstream>

#include "base/clock.hpp"
#include "runner/collector/places.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::collector {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::int64_t kDay = 24 * 3600;

class CacheStoreTest : public testing::Test {
  protected:
    void write(const std::string& file, std::int64_t age_seconds = kDay) {
        const fs::path path = dir_.path() / file;
        fs::create_directories(path.parent_path());
        std::ofstream(path) << std::string(5000, 'x');
        const auto then = base::unix_micros_now() / 1'000'000 - age_seconds;
        const timespec times[] = {{then, 0}, {then, 0}};
        ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    }
    std::vector<Item> list() { return *tests::run_to_end(context_, store_.list()); }
    base::Result<void> remove(const std::string& folder) {
        Item item;
        item.name = (root_ / folder).string();
        return tests::run_to_end(context_, store_.remove(item));
    }
    [[nodiscard]] bool exists(const std::string& file) const {
        return fs::exists(fs::symlink_status(dir_.path() / file));
    }

    tests::TempDir dir_;
    fs::path root_ = dir_.path() / "cache";
    boost::asio::io_context context_{1};
    CacheStore store_{root_};
};

TEST_F(CacheStoreTest, ListsEachKeyWithItsLastUse) {
    write("cache/group/app/main/cache.zip", 3 * kDay);
    write("cache/group/app/main/cache.zip.remote", 2 * kDay);
    write("cache/group/app/build/cache.zip");
    write("cache/group/app/other.zip");
    const auto items = list();
    std::vector<std::string> titles;
    for (const Item& item : items) titles.push_back(item.title);
    ASSERT_THAT(titles, UnorderedElementsAre("cache group/app/main", "cache group/app/build"));
    const auto& main = items[titles[0].ends_with("main") ? 0 : 1];
    EXPECT_EQ(main.name, (root_ / "group/app/main").string());
    EXPECT_EQ(main.kind, ItemKind::kFolder);
    EXPECT_GE(*main.bytes, 10'000U);
    const auto age = (base::unix_micros_now() - main.last_used_unix_micros) / 1'000'000;
    EXPECT_GE(age, 2 * kDay);
    EXPECT_LE(age, 2 * kDay + 60);
}

TEST_F(CacheStoreTest, ADirectoryThatIsMissingHasNone) { EXPECT_THAT(list(), IsEmpty()); }

TEST_F(CacheStoreTest, RemovesArchivesAndWhatIsEmptyThen) {
    write("cache/group/app/main/cache.zip");
    write("cache/group/app/main/cache.zip.remote");
    write("cache/group/app/build/cache.zip");
    EXPECT_TRUE(remove("group/app/main"));
    EXPECT_FALSE(exists("cache/group/app/main"));
    EXPECT_TRUE(exists("cache/group/app/build/cache.zip"));
    EXPECT_TRUE(remove("group/app/build"));
    EXPECT_FALSE(exists("cache/group"));
    EXPECT_TRUE(exists("cache"));
    EXPECT_TRUE(remove("group/app/build")) << "it is gone already";
}

TEST_F(CacheStoreTest, LeavesWhatIsNoArchive) {
    write("cache/group/app/main/cache.zip");
    write("cache/group/app/main/notes");
    EXPECT_TRUE(remove("group/app/main"));
    EXPECT_FALSE(exists("cache/group/app/main/cache.zip"));
    EXPECT_TRUE(exists("cache/group/app/main/notes"));
}

TEST_F(CacheStoreTest, KeepsWhatAJobHasJustUsed) {
    write("cache/group/app/main/cache.zip", 10);
    const auto removed = remove("group/app/main");
    ASSERT_FALSE(removed);
    EXPECT_TRUE(removed.error().is(base::ErrorKind::kConflict));
    EXPECT_TRUE(exists("cache/group/app/main/cache.zip"));
}

TEST_F(CacheStoreTest, FollowsNoLinksOfJobs) {
    write("elsewhere/key/cache.zip");
    write("cache/group/app/main/cache.zip");
    fs::create_directory_symlink(dir_.path() / "elsewhere", root_ / "group/link");
    fs::create_directories(root_ / "group/file");
    fs::create_symlink(dir_.path() / "elsewhere/key/cache.zip", root_ / "group/file/cache.zip");
    const auto items = list();
    ASSERT_EQ(items.size(), 1U);
    EXPECT_EQ(items[0].title, "cache group/app/main");
    EXPECT_TRUE(remove("group/link/key"));
    EXPECT_TRUE(remove("group/../../elsewhere/key"));
    EXPECT_TRUE(exists("elsewhere/key/cache.zip"));
    EXPECT_TRUE(exists("cache/group/link"));
}

TEST_F(CacheStoreTest, EndsInDirectoriesThatLieDeep) {
    std::string deep = "cache";
    for (int i = 0; i < 300; ++i) deep += "/d";
    write(deep + "/cache.zip");
    EXPECT_THAT(list(), IsEmpty());
}

TEST(CacheDirectoryTest, IsThatOfShellRunners) {
    config::RunnerConfig runner;
    runner.executor = "shell";
    EXPECT_EQ(cache_directory(runner, "/srv"), "/srv/cache");
    EXPECT_EQ(cache_directory(runner, ""), "");
    runner.cache_dir = "/data/caches/";
    EXPECT_EQ(cache_directory(runner, ""), "/data/caches/");
    runner.cache_dir = "../caches";
    EXPECT_EQ(cache_directory(runner, "/srv/here"), "/srv/caches");
    runner.executor = "docker";
    EXPECT_EQ(cache_directory(runner, "/srv"), "");
}

TEST(CacheStoresTest, HaveADirectoryOnce) {
    config::Config config;
    for (const char* directory : {"/a", "/a", "/b"}) {
        config::RunnerConfig runner;
        runner.executor = "shell";
        runner.cache_dir = directory;
        config.runners.push_back(runner);
    }
    std::vector<std::string> titles;
    for (const auto& store : cache_stores(config, "/srv")) titles.push_back(store->title());
    EXPECT_THAT(titles, ElementsAre("caches /a", "caches /b"));
}

}  // namespace
}  // namespace runner::collector
