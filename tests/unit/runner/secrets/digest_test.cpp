#include "runner/secrets/digest.hpp"

#include <gtest/gtest.h>

namespace {

using runner::secrets::make_digest;
using runner::secrets::matches_digest;

TEST(Digest, RecognisesAValueAndNoOther) {
    const std::string digest = make_digest("hunter2");
    EXPECT_TRUE(matches_digest("hunter2", digest));
    EXPECT_FALSE(matches_digest("hunter3", digest));
    EXPECT_FALSE(matches_digest("hunter2", "nonsense"));
    EXPECT_FALSE(matches_digest("", ""));
}

TEST(Digest, HasNothingOfTheValueAndIsDifferentEachTime) {
    EXPECT_EQ(make_digest("hunter2").find("hunter2"), std::string::npos);
    EXPECT_NE(make_digest("hunter2"), make_digest("hunter2"));
    EXPECT_TRUE(matches_digest("", make_digest("")));
}

}  // namespace
