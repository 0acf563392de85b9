#include "executors/helper/event_log.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/unit/executors/helper/file_size_limit.hpp"
#include "tests/unit/executors/helper/log_records.hpp"

namespace executors::helper {
namespace {

using namespace tests_support;

class EventLogTest : public testing::Test {
  protected:
    /// Opens the log; the records that were in it are in old_.
    EventLog open() {
        old_.clear();
        return EventLog(directory_.fd(),
                        [this](const RecordHeader& header, const std::string& text) {
                            old_.push_back({header, text});
                        });
    }
    static void append_output(EventLog& log, std::uint16_t stage, const std::string& text) {
        log.append(RecordType::kOutput, base::OutputStream::kStdout, stage, text);
    }

    JobDirectory directory_;
    std::vector<LogRecord> old_;
};

TEST_F(EventLogTest, KeepsRecordsInTheirOrder) {
    EventLog log = open();
    EXPECT_EQ(log.size(), 0U);
    log.append(RecordType::kStarted, base::OutputStream::kNone, 1, R"({"pid":7})");
    append_output(log, 1, "hello\n");
    const auto records = directory_.records();
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].header.type, RecordType::kStarted);
    EXPECT_EQ(records[0].text, R"({"pid":7})");
    EXPECT_EQ(records[1].header.stream, base::OutputStream::kStdout);
    EXPECT_EQ(records[1].header.stage, 1);
    EXPECT_GT(records[1].header.time_us, 0U);
    EXPECT_EQ(log.size(), directory_.log_bytes().size());
}

TEST_F(EventLogTest, TellsWhatWasInALogThatItOpensAgain) {
    {
        EventLog log = open();
        log.append(RecordType::kExited, base::OutputStream::kNone, 1, R"({"code":0})");
        append_output(log, 2, "not told");
    }
    EventLog log = open();
    ASSERT_EQ(old_.size(), 2U);
    EXPECT_EQ(old_[0].text, R"({"code":0})");
    EXPECT_EQ(old_[1].header.length, 8U);
    EXPECT_EQ(old_[1].text, "");
    append_output(log, 2, "more");
    EXPECT_EQ(directory_.records().size(), 3U);
}

TEST_F(EventLogTest, CutsOffARecordThatIsNotWhole) {
    std::string whole;
    {
        EventLog log = open();
        append_output(log, 1, "first");
        whole = directory_.log_bytes();
        append_output(log, 1, "second");
    }
    const std::size_t full = directory_.log_bytes().size();
    for (std::size_t size = full - 1; size > whole.size(); --size) {
        ASSERT_EQ(::truncate(directory_.log_path().c_str(), static_cast<off_t>(size)), 0);
        const EventLog log = open();
        EXPECT_EQ(old_.size(), 1U);
        EXPECT_EQ(directory_.log_bytes(), whole);
        ASSERT_EQ(::truncate(directory_.log_path().c_str(), static_cast<off_t>(size)), 0);
    }
}

TEST_F(EventLogTest, CutsOffBytesThatAreNoRecord) {
    std::string whole;
    {
        EventLog log = open();
        append_output(log, 1, "first");
        whole = directory_.log_bytes();
    }
    std::ofstream(directory_.log_path(), std::ios::app) << std::string(100, '\xff');
    const EventLog log = open();
    EXPECT_EQ(directory_.log_bytes(), whole);
    EXPECT_EQ(log.size(), whole.size());
}

TEST_F(EventLogTest, KeepsRecordsInMemoryWhileTheDiskIsFull) {
    EventLog log = open();
    append_output(log, 1, "first");
    const std::uint64_t size = log.size();
    FileSizeLimit full(size + kHeaderBytes + 2);
    append_output(log, 1, "second");
    EXPECT_TRUE(log.blocked());
    EXPECT_EQ(log.size(), size);
    append_output(log, 1, "third");
    log.retry();
    EXPECT_TRUE(log.blocked());
    full.lift();
    log.retry();
    EXPECT_FALSE(log.blocked());
    EXPECT_EQ(output_of(directory_.records(), 1), "firstsecondthird");
    EXPECT_EQ(log.size(), directory_.log_bytes().size());
    append_output(log, 1, "fourth");
    EXPECT_EQ(output_of(directory_.records(), 1), "firstsecondthirdfourth");
}

TEST_F(EventLogTest, RefusesALinkInItsPlace) {
    ASSERT_EQ(::symlink("/dev/null", directory_.log_path().c_str()), 0);
    EXPECT_THROW(open(), Failure);
}

}  // namespace
}  // namespace executors::helper
