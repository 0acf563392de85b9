#include "runner/status/history.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>

#include "base/files.hpp"
#include "runner/status/history_row.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::status {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

RecentJob ended(std::int64_t id, const char* reason = "") {
    RecentJob recent;
    recent.job.id = id;
    recent.job.name = "build \"x\"\n";
    recent.job.project = "g/p";
    recent.job.state = *reason == '\0' ? "success" : "failed";
    recent.job.started_unix_micros = 1'700'000'000'000'000;
    recent.job.restored = true;
    recent.failure_reason = reason;
    recent.message = *reason == '\0' ? "" : "exit code 1";
    recent.finished_unix_micros = 1'700'000'090'000'000;
    return recent;
}

std::vector<std::int64_t> ids(const std::vector<RecentJob>& jobs) {
    std::vector<std::int64_t> found;
    for (const auto& job : jobs) found.push_back(job.job.id);
    return found;
}

class HistoryTest : public testing::Test {
  protected:
    tests::TempDir directory_;
    std::filesystem::path file_ = directory_.path() / "history.sqlite";
};

TEST_F(HistoryTest, IsThereAgainInTheNextDaemon) {
    {
        History history(file_, 10);
        history.add(ended(1));
        history.add(ended(2, "script_failure"));
    }
    History history(file_, 10);
    const auto jobs = history.recent(10);
    ASSERT_THAT(ids(jobs), ElementsAre(2, 1));
    EXPECT_EQ(jobs[0].failure_reason, "script_failure");
    EXPECT_EQ(jobs[0].message, "exit code 1");
    EXPECT_EQ(jobs[0].job.name, "build \"x\"\n");
    EXPECT_EQ(jobs[0].job.state, "failed");
    EXPECT_EQ(jobs[0].finished_unix_micros, 1'700'000'090'000'000);
    EXPECT_TRUE(jobs[0].job.restored);
    EXPECT_THAT(ids(history.recent(1)), ElementsAre(2));
}

TEST_F(HistoryTest, KeepsTheNewestJobsOnly) {
    History history(file_, 3);
    for (int id = 1; id <= 10; ++id) history.add(ended(id));
    EXPECT_THAT(ids(history.recent(100)), ElementsAre(10, 9, 8));
    history.keep(1);
    history.add(ended(11));
    EXPECT_THAT(ids(history.recent(100)), ElementsAre(11));
}

TEST_F(HistoryTest, FindsTheJobsOfANumber) {
    History history(file_, 10);
    history.add(ended(5));
    history.add(ended(5, "canceled"));
    const auto found = history.find(5);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].failure_reason, "canceled");
    EXPECT_EQ(found[1].failure_reason, "");
    EXPECT_THAT(history.find(6), IsEmpty());
}

TEST_F(HistoryTest, TheFileIsForTheDaemonOnly) {
    History history(file_, 10);
    history.add(ended(1));
    for (const char* ending : {"", "-wal"}) {
        struct stat status {};
        ASSERT_EQ(::stat((file_.string() + ending).c_str(), &status), 0) << ending;
        EXPECT_EQ(status.st_mode & 0777U, 0600U) << ending;
    }
}

TEST_F(HistoryTest, ADamagedFileIsSetAside) {
    std::ofstream(file_) << std::string(8192, 'x');
    History history(file_, 10);
    EXPECT_THAT(history.recent(10), IsEmpty());
    history.add(ended(1));
    EXPECT_THAT(ids(history.recent(10)), ElementsAre(1));
    EXPECT_EQ(std::filesystem::file_size(file_.string() + ".broken"), 8192U);
}

TEST_F(HistoryTest, AFileThatIsDamagedInItsPagesIsSetAside) {
    {
        History history(file_, 1000);
        for (int id = 1; id <= 200; ++id) history.add(ended(id));
    }
    std::string bytes = *base::read_file(file_);
    ASSERT_GT(bytes.size(), 12'000U);
    for (std::size_t i = 4096; i < bytes.size(); ++i) bytes[i] = '\xa5';
    std::ofstream(file_) << bytes;
    History history(file_, 1000);
    history.add(ended(201));
    EXPECT_THAT(ids(history.recent(10)), ElementsAre(201));
    EXPECT_TRUE(std::filesystem::exists(file_.string() + ".broken"));
}

void run_sql(const std::filesystem::path& file, const char* text) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, text, nullptr, nullptr, nullptr), SQLITE_OK) << text;
    sqlite3_close(database);
}

TEST_F(HistoryTest, TablesOfAnotherProgramAreSetAside) {
    for (const char* text : {"CREATE TABLE jobs (x INTEGER)",
                             "CREATE TABLE jobs (number INTEGER PRIMARY KEY, id INTEGER)",
                             "CREATE VIEW jobs AS SELECT 1 AS id, 2 AS number, 'x' AS data"}) {
        std::filesystem::remove(file_);
        run_sql(file_, text);
        History history(file_, 10);
        history.add(ended(1));
        EXPECT_THAT(ids(history.recent(10)), ElementsAre(1)) << text;
        EXPECT_TRUE(std::filesystem::exists(file_.string() + ".broken")) << text;
    }
}

TEST_F(HistoryTest, AFileOfANewerVersionIsSetAside) {
    run_sql(file_, "PRAGMA user_version = 2");
    History history(file_, 10);
    history.add(ended(1));
    EXPECT_THAT(ids(history.recent(10)), ElementsAre(1));
    EXPECT_TRUE(std::filesystem::exists(file_.string() + ".broken"));
}

TEST_F(HistoryTest, ADirectoryInItsPlaceIsSetAside) {
    std::filesystem::create_directories(file_ / "something");
    History history(file_, 10);
    history.add(ended(1));
    EXPECT_THAT(ids(history.recent(10)), ElementsAre(1));
    EXPECT_TRUE(std::filesystem::exists(file_.string() + ".broken/something"));
}

TEST_F(HistoryTest, AFileThatCannotBeMadeIsNoFailure) {
    History history(directory_.path() / "missing" / "history.sqlite", 10);
    history.add(ended(1));
    EXPECT_THAT(history.recent(10), IsEmpty());
    EXPECT_THAT(history.find(1), IsEmpty());
}

TEST_F(HistoryTest, NoneIsKeptWithoutAFile) {
    History history(file_, 0);
    history.add(ended(1));
    EXPECT_THAT(history.recent(10), IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST(HistoryRow, ReadsWhatOtherVersionsWrote) {
    const auto row = from_row(R"({"id": 7, "new_field": [1], "name": 5, "state": "failed"})");
    ASSERT_TRUE(row);
    EXPECT_EQ(row->job.id, 7);
    EXPECT_EQ(row->job.name, "");
    EXPECT_EQ(row->job.state, "failed");
    for (const auto* text : {"", "[]", "null", "{"}) EXPECT_FALSE(from_row(text)) << text;
}

}  // namespace
}  // namespace runner::status
