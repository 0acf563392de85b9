#include "executors/helper/job_history.hpp"

#include <gtest/gtest.h>

namespace executors::helper {
namespace {

RecordHeader header(RecordType type, std::uint16_t stage, std::uint32_t length = 0) {
    RecordHeader header;
    header.type = type;
    header.stage = stage;
    header.length = length;
    return header;
}

TEST(JobHistory, LearnsFromTheRecordsOfAnOldLog) {
    JobHistory history;
    history.take_record(header(RecordType::kStarted, 1), "{}");
    history.take_record(header(RecordType::kOutput, 1, 10), "");
    history.take_record(header(RecordType::kExited, 1), R"({"code":3})");
    history.take_record(header(RecordType::kStarted, 2), "{}");
    history.take_record(header(RecordType::kOutput, 2, 5), "");
    history.take_record(header(RecordType::kNotice, 0), R"({"id":"a-1","ok":true})");
    EXPECT_EQ(history.output_bytes(), 15U);
    EXPECT_EQ(history.unfinished_stages(), std::vector<std::uint16_t>{2});
    ASSERT_NE(history.find_exit(1), nullptr);
    EXPECT_EQ(*history.find_exit(1), R"({"code":3})");
    EXPECT_EQ(history.find_exit(2), nullptr);
    EXPECT_FALSE(history.begin_stage(1));
    EXPECT_FALSE(history.begin_stage(2));
    EXPECT_TRUE(history.begin_stage(3));
    EXPECT_FALSE(history.begin_command("a-1"));
    EXPECT_TRUE(history.begin_command("a-2"));
}

TEST(JobHistory, BeginsEverythingOnce) {
    JobHistory history;
    EXPECT_TRUE(history.begin_stage(1));
    EXPECT_FALSE(history.begin_stage(1));
    EXPECT_EQ(history.unfinished_stages(), std::vector<std::uint16_t>{1});
    history.end_stage(1, "{}");
    EXPECT_TRUE(history.unfinished_stages().empty());
    EXPECT_FALSE(history.begin_stage(1));
    EXPECT_TRUE(history.begin_command("a"));
    EXPECT_FALSE(history.begin_command("a"));
}

}  // namespace
}  // namespace executors::helper
