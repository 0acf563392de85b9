#include "runner/collector/builds_store.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <fstream>
#include <map>

#include "base/clock.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::collector {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::int64_t kDaySeconds = 24 * 3600;

/// One runner "mine" with a builds directory.
class BuildsStoreTest : public testing::Test {
  protected:
    void age(const fs::path& path, std::int64_t seconds) {
        const auto then = base::unix_micros_now() / 1'000'000 - seconds;
        const timespec times[] = {{then, 0}, {then, 0}};
        ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
    }
    /// `what`: below the builds directory.
    void make_checkout(const std::string& what, std::int64_t age_seconds = kDaySeconds) {
        const fs::path path = root_ / what;
        fs::create_directories(path / ".git");
        fs::create_directories(path.string() + ".tmp");
        std::ofstream(path / "file") << std::string(5000, 'x');
        for (const fs::path& each : {path / ".git", path, fs::path(path.string() + ".tmp")})
            age(each, age_seconds);
    }
    std::vector<Item> list() { return *tests::run_to_end(context_, store_.list()); }
    std::vector<std::string> titles() {
        std::vector<std::string> all;
        for (const Item& item : list()) all.push_back(item.title);
        return all;
    }
    Item item(const std::string& what) {
        Item made;
        made.name = (root_ / what).string();
        return made;
    }
    /// Why it is kept, "" when it is removed.
    std::string removal(const std::string& what) {
        const auto removed = tests::run_to_end(context_, store_.remove(item(what)));
        if (removed) return {};
        EXPECT_EQ(removed.error().kind, base::ErrorKind::kConflict);
        return removed.error().message;
    }
    [[nodiscard]] bool exists(const std::string& what) const {
        return fs::exists(fs::symlink_status(root_ / what));
    }

    tests::TempDir dir_;
    fs::path root_ = dir_.path() / "builds";
    boost::asio::io_context context_{1};
    std::vector<fs::path> used_;
    std::function<void()> on_ask_;
    BuildsStore store_{root_, {"mine"}, [this] {
                           if (on_ask_) on_ask_();
                           return used_;
                       }};
};

TEST_F(BuildsStoreTest, ListsCheckoutsOfItsRunnersWithTheirLastUse) {
    make_checkout("mine/0/group/app", 3 * kDaySeconds);
    make_checkout("mine/1/group/sub/app", 2 * kDaySeconds);
    make_checkout("other/0/group/app");
    fs::create_directories(root_ / "mine/0/group/no-git");
    fs::create_directories(root_ / "mine/0/group/no-git.tmp");
    fs::create_directories(root_ / "mine/0/group/app~left-1");
    fs::create_directories(root_ / "mine/notes/group/app/.git");
    fs::create_directories(root_ / "mine/0/empty");
    std::map<std::string, Item> items;
    for (Item& item : list()) items.emplace(fs::path(item.name).lexically_relative(root_), item);
    std::vector<std::string> names;
    for (const auto& [name, item] : items) names.push_back(name);
    EXPECT_THAT(names, UnorderedElementsAre("mine/0/group/app", "mine/0/group/app~left-1",
                                            "mine/0/group/no-git", "mine/1/group/sub/app"));
    const Item& app = items["mine/0/group/app"];
    EXPECT_EQ(app.title, "checkout of group/app");
    EXPECT_EQ(app.kind, ItemKind::kFolder);
    EXPECT_FALSE(app.bytes.has_value()) << "that takes long";
    const auto seconds = (base::unix_micros_now() - app.last_used_unix_micros) / 1'000'000;
    EXPECT_NEAR(static_cast<double>(seconds), 3.0 * kDaySeconds, 60);
    EXPECT_TRUE(items["mine/0/group/app~left-1"].outdated);
    EXPECT_EQ(items["mine/0/group/app~left-1"].title, "what a job could not remove of group/app");
}

TEST_F(BuildsStoreTest, AddsSizes) {
    make_checkout("mine/0/group/app");
    auto items = list();
    ASSERT_TRUE(tests::run_to_end(context_, store_.add_sizes(items)).has_value());
    EXPECT_GE(items[0].bytes.value_or(0), 5000U);
    EXPECT_LE(items[0].bytes.value_or(0), 100'000U);
}

TEST_F(BuildsStoreTest, RemovesACheckoutWithAllThatBelongsToIt) {
    make_checkout("mine/0/group/app");
    make_checkout("mine/0/group/other");
    fs::create_directories(root_ / "mine/0/group/app/modules");
    std::ofstream(root_ / "mine/0/group/app/modules/file") << "x";
    fs::permissions(root_ / "mine/0/group/app/modules", fs::perms::owner_read);
    age(root_ / "mine/0/group/app", kDaySeconds);
    EXPECT_EQ(removal("mine/0/group/app"), "");
    EXPECT_FALSE(exists("mine/0/group/app"));
    EXPECT_FALSE(exists("mine/0/group/app.tmp"));
    EXPECT_THAT(titles(), ElementsAre("checkout of group/other"));
    EXPECT_EQ(removal("mine/0/group/app"), "") << "it is gone already";
}

TEST_F(BuildsStoreTest, RemovesWhatAJobCouldNotRemove) {
    make_checkout("mine/0/group/app");
    fs::create_directories(root_ / "mine/0/group/app~left-1/inner");
    age(root_ / "mine/0/group/app~left-1", kDaySeconds);
    used_ = {root_ / "mine/0/group/app"};
    EXPECT_EQ(removal("mine/0/group/app~left-1"), "") << "no job uses that";
    EXPECT_FALSE(exists("mine/0/group/app~left-1"));
    EXPECT_TRUE(exists("mine/0/group/app/.git"));
}

TEST_F(BuildsStoreTest, KeepsWhatARunningJobUses) {
    make_checkout("mine/0/group/app");
    for (const char* used : {"mine/0/group/app", "mine/0/group/app/", "mine/0/group/app/below",
                             "mine/0/group", "mine/0/./group/app"}) {
        used_ = {root_ / used};
        EXPECT_EQ(removal("mine/0/group/app"), "a running job uses it") << used;
        EXPECT_EQ(list()[0].kept, "a running job uses it") << used;
    }
    used_ = {root_ / "mine/0/group/app-2"};
    EXPECT_EQ(removal("mine/0/group/app"), "");
}

TEST_F(BuildsStoreTest, GivesBackWhatAJobBeginsToUse) {
    make_checkout("mine/0/group/app");
    int asked = 0;
    on_ask_ = [&] {
        if (++asked == 2) used_ = {root_ / "mine/0/group/app"};
    };
    EXPECT_EQ(removal("mine/0/group/app"), "a job has just begun to use it");
    EXPECT_TRUE(exists("mine/0/group/app/.git"));
    EXPECT_TRUE(exists("mine/0/group/app.tmp"));
    EXPECT_THAT(titles(), ElementsAre("checkout of group/app"));
}

TEST_F(BuildsStoreTest, KeepsWhatAJobHasJustUsed) {
    make_checkout("mine/0/group/app", 10);
    EXPECT_EQ(removal("mine/0/group/app"), "a job has just used it");
    EXPECT_TRUE(exists("mine/0/group/app/.git"));
}

TEST_F(BuildsStoreTest, FollowsNoLinksOfJobs) {
    fs::create_directories(dir_.path() / "elsewhere/app/.git");
    age(dir_.path() / "elsewhere/app/.git", kDaySeconds);
    age(dir_.path() / "elsewhere/app", kDaySeconds);
    make_checkout("mine/0/group/app");
    fs::create_directory_symlink(dir_.path() / "elsewhere", root_ / "mine/0/link");
    fs::create_directory_symlink(dir_.path() / "elsewhere", root_ / "mine/0/group/app/inner");
    age(root_ / "mine/0/group/app", kDaySeconds);
    EXPECT_THAT(titles(), ElementsAre("checkout of group/app"));
    EXPECT_EQ(removal("mine/0/link/app"), "");
    EXPECT_EQ(removal("../elsewhere/app"), "");
    EXPECT_EQ(removal("mine/0/group/app"), "");
    EXPECT_TRUE(fs::exists(dir_.path() / "elsewhere/app/.git"));
}

TEST_F(BuildsStoreTest, ADirectoryThatIsMissingHasNone) { EXPECT_THAT(list(), IsEmpty()); }

}  // namespace
}  // namespace runner::collector
