#include "runner/local/job_results.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libdeflate.h>

#include <memory>

#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/runner/local/plan_fixture.hpp"

namespace runner::local {
namespace {

std::string gzip(const std::string& text) {
    const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> writer(
        ::libdeflate_alloc_compressor(1), ::libdeflate_free_compressor);
    std::string packed(::libdeflate_gzip_compress_bound(writer.get(), text.size()), '\0');
    packed.resize(::libdeflate_gzip_compress(writer.get(), text.data(), text.size(), packed.data(),
                                             packed.size()));
    return packed;
}

class JobResultsTest : public testing::Test {
  protected:
    void keep(std::int64_t job_id, const std::string& type, const std::string& content) {
        protocol::gitlab::Artifact about;
        about.artifact_type = type;
        job::ArtifactFile file;
        file.about = &about;
        file.name = type + ".zip";
        file.open = [content]() -> base::Result<protocol::http::BodySource> {
            auto rest = std::make_shared<std::string>(content);
            return protocol::http::BodySource([rest] { return next_piece(rest); });
        };
        const auto kept = tests::run_to_end(store_.keep(job_id, std::move(file)));
        ASSERT_TRUE(kept) << kept.error().message;
    }
    /// A source's content, then the empty piece that ends it.
    static base::Task<base::Result<std::string>> next_piece(std::shared_ptr<std::string> rest) {
        co_return std::exchange(*rest, {});
    }
    [[nodiscard]] std::size_t position(const std::string& name) const {
        return static_cast<std::size_t>(planned_.find(name) - planned_.pipeline.jobs.data());
    }

    Planned planned_{
        "stages: [build, test]\na: {stage: build, script: x}\nb: {stage: build, script: x}\n"
        "c: {stage: test, script: x}\n"};
    tests::TempDir directory_;
    ArtifactStore store_{directory_.path()};
    JobResults results_{planned_.pipeline, store_};
};

TEST_F(JobResultsTest, ALaterJobDownloadsTheArchivesOfTheLastRuns) {
    results_.begin_run(position("a"), 10);
    keep(10, "archive", "first");
    results_.begin_run(position("b"), 11);
    results_.begin_run(position("a"), 12);
    keep(12, "archive", "second run");
    const auto dependencies = results_.dependencies_of(position("c"));
    ASSERT_EQ(dependencies.size(), 1U);
    EXPECT_EQ(dependencies[0].id, 12);
    EXPECT_EQ(dependencies[0].name, "a");
    EXPECT_EQ(dependencies[0].artifact_filename, "archive.zip");
    EXPECT_EQ(dependencies[0].artifact_size, 10);
    EXPECT_TRUE(results_.dependencies_of(position("b")).empty());
}

TEST_F(JobResultsTest, VariablesOfDotenvReportsComeInThePipelinesOrder) {
    results_.begin_run(position("b"), 11);
    keep(11, "dotenv", gzip("WHO=b\n"));
    results_.begin_run(position("a"), 10);
    keep(10, "dotenv", gzip("WHO=a\nONLY=a\n"));
    const auto inherited = results_.inherited_variables(position("c"));
    ASSERT_TRUE(inherited) << inherited.error().message;
    std::string text;
    for (const auto& variable : *inherited) text += variable.key + "=" + variable.value + " ";
    EXPECT_EQ(text, "WHO=a ONLY=a WHO=b ");
}

TEST_F(JobResultsTest, ABadReportIsRefusedWithTheNameOfItsJob) {
    results_.begin_run(position("a"), 10);
    keep(10, "dotenv", "not gzip");
    const auto damaged = results_.inherited_variables(position("c"));
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().message, "the dotenv report of a: the report is damaged");
    keep(10, "dotenv", gzip("no assignment\n"));
    const auto wrong = results_.inherited_variables(position("c"));
    ASSERT_FALSE(wrong);
    EXPECT_THAT(wrong.error().message, testing::StartsWith("a: artifacts:reports:dotenv: "));
}

TEST_F(JobResultsTest, AFileOfAJobThatHasNotRunIsNotFound) {
    boost::asio::io_context context(1);
    auto reading = results_.read_file(context.get_executor(), "a", "made.yml");
    const auto text = tests::run_to_end(context, std::move(reading));
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().kind, base::ErrorKind::kNotFound);
}

}  // namespace
}  // namespace runner::local
