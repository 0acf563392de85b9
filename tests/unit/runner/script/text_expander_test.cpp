#include "runner/script/text_expander.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/runner/script/script_job.hpp"

namespace {

using runner::script::TextExpander;
using testing::HasSubstr;
using testing::StartsWith;

std::string repeated(std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
}

class TextExpanderTest : public testing::Test {
  protected:
    /// To be called after the last set().
    TextExpander& texts() {
        if (!texts_) {
            variables_.emplace(job_.variables());
            texts_.emplace(*variables_);
        }
        return *texts_;
    }
    tests::ScriptJob job_;

  private:
    std::optional<runner::script::Variables> variables_;
    std::optional<TextExpander> texts_;
};

TEST_F(TextExpanderTest, FollowsVariablesInsideOfVariables) {
    job_.runner.environment = {"REG=registry.example.com", "SLOT=x-$CI_CONCURRENT_ID"};
    job_.predefined.concurrent_id = 3;
    job_.set("IMG", "$REG/group:$TAG");
    job_.set("TAG", "${MAJOR}.1");
    job_.set("MAJOR", "12");
    EXPECT_EQ(texts().expand_name("image", "$IMG"), "registry.example.com/group:12.1");
    EXPECT_EQ(texts().expand_name("cache:key", "$SLOT-y"), "x-3-y");
    EXPECT_EQ(texts().expand("release", "echo $$ $NOT ${MAJOR}"), "echo $  12");
    EXPECT_EQ(texts().problem(), "");
}

TEST_F(TextExpanderTest, UsesThePathOfAFile) {
    job_.set("F", "content", true);
    EXPECT_EQ(texts().expand_name("cache:key", "$F"), "/builds/g/p.tmp/F");
}

// Without a limit this name has 2 GB.
TEST_F(TextExpanderTest, RefusesANameThatBecomesTooLarge) {
    job_.set("A", std::string(100'000, 'a'));
    EXPECT_EQ(texts().expand_name("image", repeated("$A", 20'000)), "");
    EXPECT_THAT(texts().problem(), StartsWith("image: "));
    EXPECT_EQ(texts().expand_name("services", "alpine"), "") << "the job cannot run";
    EXPECT_THAT(texts().problem(), StartsWith("image: ")) << "the first problem stays";
}

TEST_F(TextExpanderTest, RefusesManyNamesThatAreTooLargeTogether) {
    job_.set("A", std::string(8'000, 'a'));
    for (int i = 0; i < 100; ++i) texts().expand_name("cache:key", "$A");
    EXPECT_EQ(texts().problem(), "");
    for (int i = 0; i < 100; ++i) texts().expand_name("cache:key", "$A");
    EXPECT_THAT(texts().problem(), HasSubstr("together"));
}

TEST_F(TextExpanderTest, MeasuresTextsThatAShellExpands) {
    job_.set("A", std::string(100'000, 'a'));
    texts().check("artifacts:paths", "$A/$A");
    EXPECT_EQ(texts().problem(), "");
    texts().check("artifacts:paths", repeated("$A", 20'000));
    EXPECT_THAT(texts().problem(), StartsWith("artifacts:paths: "));
}

TEST_F(TextExpanderTest, CountsCopies) {
    texts().charge("services:variables", 20U << 20U);
    EXPECT_EQ(texts().problem(), "");
    texts().charge("services:variables", 20U << 20U);
    EXPECT_THAT(texts().problem(), StartsWith("services:variables: "));
}

}  // namespace
