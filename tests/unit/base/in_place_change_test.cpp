#include "base/in_place_change.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace {

using base::WholeText;

struct Texts {
    std::string former;
    std::string wanted;
};

const std::vector<Texts>& cases() {
    static const std::vector<Texts> kCases{
        {"a = 1\nb = 2\n", "a = 1\n"},
        {"a = 1\n", "a = 1\nb = 2\nc = 3\n"},
        {"no line end", "other\n\ntext"},
        {"# a comment\n\n# # another\n", ""},
        {"", "first\n"},
        {std::string(300, 'x') + "\r\n", std::string(700, 'y')},
    };
    return kCases;
}

std::string with_copy(const Texts& texts) {
    return texts.former + base::plan_in_place_change(texts.former, texts.wanted).copy;
}

TEST(InPlaceChange, IsNoneInATextWithoutACopy) {
    for (const auto& texts : cases()) {
        EXPECT_FALSE(base::interrupted_change(texts.former));
        EXPECT_FALSE(base::interrupted_change(texts.wanted));
    }
}

TEST(InPlaceChange, HasTheFormerTextAndCommentsBeforeItsFirstByteChanges) {
    const Texts texts{"a = 1\n", "a = 2\nb = 3\n"};
    const std::string file = with_copy(texts);
    EXPECT_EQ(file.substr(0, texts.former.size()), texts.former);
    std::size_t begin = texts.former.size();
    while (begin < file.size()) {
        const auto end = file.find('\n', begin);
        ASSERT_NE(end, std::string::npos);
        EXPECT_TRUE(end == begin || file[begin] == '#') << file;
        begin = end + 1;
    }
}

/// A disk may have any of the blocks of the new text when the power goes.
TEST(InPlaceChange, GivesTheFormerTextForWhateverPartOfTheNewOneWasWritten) {
    for (const auto& texts : cases()) {
        const std::string file = with_copy(texts);
        const std::string head = base::plan_in_place_change(texts.former, texts.wanted).head;
        const std::size_t step = std::max<std::size_t>(head.size() / 12, 1);
        for (std::size_t from = 0; from < head.size(); from += step) {
            for (std::size_t to = from + 1; to < head.size(); to += step) {
                std::string torn = file;
                std::copy_n(head.begin() + static_cast<std::ptrdiff_t>(from), to - from,
                            torn.begin() + static_cast<std::ptrdiff_t>(from));
                const auto found = base::interrupted_change(torn);
                ASSERT_TRUE(found) << torn;
                const bool whole = found->which == WholeText::kNew;
                EXPECT_EQ(found->text, whole ? texts.wanted : texts.former);
                EXPECT_EQ(found->place, head.size());
            }
        }
    }
}

TEST(InPlaceChange, GivesTheNewTextWhenAllOfItWasWritten) {
    for (const auto& texts : cases()) {
        const std::string head = base::plan_in_place_change(texts.former, texts.wanted).head;
        std::string file = with_copy(texts);
        file.replace(0, head.size(), head);
        const auto found = base::interrupted_change(file);
        ASSERT_TRUE(found);
        EXPECT_EQ(found->which, WholeText::kNew);
        EXPECT_EQ(found->text, texts.wanted);
    }
}

TEST(InPlaceChange, GivesTheFormerTextWhenItsCopyIsNotWhole) {
    for (const auto& texts : cases()) {
        const std::string file = with_copy(texts);
        for (std::size_t size = texts.former.size(); size < file.size(); ++size) {
            const std::string torn = file.substr(0, size);
            const auto found = base::interrupted_change(torn);
            const std::string whole = found ? found->text : torn;
            ASSERT_EQ(whole.substr(0, texts.former.size()), texts.former) << torn;
            if (found && found->which == WholeText::kFormer) {
                EXPECT_EQ(whole, texts.former);
            }
        }
    }
}

TEST(InPlaceChange, DoesNotGuessWhenNeitherTextIsThere) {
    const Texts texts{"a = 1\nb = 2\n", "a = 2\nb = 3\nc = 4\n"};
    std::string file = with_copy(texts);
    file[0] = '!';
    file[file.size() - 2] = '!';
    EXPECT_FALSE(base::interrupted_change(file));
}

}  // namespace
