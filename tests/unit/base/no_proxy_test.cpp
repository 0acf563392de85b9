#include "base/no_proxy.hpp"

#include <gtest/gtest.h>

namespace {

using base::complete_no_proxy;

TEST(NoProxy, HasEachHostOnce) {
    struct Case {
        const char* value;
        const char* more;
        const char* completed;
    };
    for (const auto& [value, more, completed] :
         {Case{"", "", ""}, Case{"", "a,b", "a,b"}, Case{"a", "", "a"}, Case{"a", "b,a,b", "a,b"},
          Case{"a, b", "b,c", "a, b,c"}, Case{"a,", "b", "a,b"}, Case{"*", "a", "*"},
          Case{"a,*", "b", "a,*"}, Case{"a", ",,", "a"}, Case{" ", "a", " ,a"}}) {
        EXPECT_EQ(complete_no_proxy(value, more), completed);
    }
}

}  // namespace
