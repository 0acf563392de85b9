#include "runner/trace/masker.hpp"

#include <gtest/gtest.h>

#include "tests/unit/runner/trace/text_sink.hpp"

#include <random>

#include "tests/unit/runner/trace/mask_reference.hpp"

namespace runner::trace {
namespace {

using Pieces = std::vector<std::string>;

std::shared_ptr<const MaskSet> make_set(const MaskOptions& options) {
    return std::make_shared<const MaskSet>(options);
}

std::string masked(const std::shared_ptr<const MaskSet>& set, const Pieces& pieces) {
    Masker masker(set);
    Text out;
    for (const auto& piece : pieces) masker.write(piece, out);
    masker.close(out);
    return out.text;
}

Pieces bytes_of(const std::string& text) {
    Pieces pieces;
    for (const char c : text) pieces.emplace_back(1, c);
    return pieces;
}

/// In one piece, byte by byte, and in two pieces cut at every position.
void expect_masked(const MaskOptions& rules, const std::string& text, const std::string& expected) {
    const auto set = make_set(rules);
    EXPECT_EQ(masked(set, {text}), expected) << "in one piece";
    EXPECT_EQ(masked(set, bytes_of(text)), expected) << "byte by byte";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        EXPECT_EQ(masked(set, {text.substr(0, cut), text.substr(cut)}), expected)
            << "cut at " << cut;
    }
}

TEST(Masker, HidesPhrases) {
    expect_masked({{"s3cr3t-value"}, {}, false}, "it is s3cr3t-value, really",
                  "it is [MASKED], really");
    expect_masked({{"s3cr3t-value"}, {}, false}, "s3cr3t-values3cr3t-value", "[MASKED][MASKED]");
    expect_masked({{"s3cr3t-value"}, {}, false}, "s3cr3t-valu", "s3cr3t-valu");
    expect_masked({{"  padded-secret\n"}, {}, false}, "x padded-secret y", "x [MASKED] y");
    expect_masked({{"", "  "}, {}, false}, "nothing to hide", "nothing to hide");
}

TEST(Masker, FindsASecretAfterItsOwnBeginning) {
    expect_masked({{"aab"}, {}, false}, "aaab", "a[MASKED]");
    expect_masked({{"ababc"}, {}, false}, "abababc", "ab[MASKED]");
    expect_masked({{"abcabcabd"}, {}, false}, "abcabcabcabd", "abc[MASKED]");
}

TEST(Masker, PrefersTheLongerPhrase) {
    expect_masked({{"password", "password-long"}, {}, false}, "password-long password-",
                  "[MASKED] [MASKED]-");
    expect_masked({{"bc", "abcd"}, {}, false}, "abcd abc", "[MASKED] a[MASKED]");
}

TEST(Masker, MasksOverlappingSecretsCompletely) {
    expect_masked({{"password123", "123secret"}, {}, false}, "<password123secret>", "<[MASKED]>");
    expect_masked({{"aa"}, {}, false}, "aaa", "[MASKED]");
}

TEST(Masker, HidesShortPhrases) {
    expect_masked({{"x"}, {}, false}, "axbxx", "a[MASKED]b[MASKED][MASKED]");
    expect_masked({{"ab", "abc"}, {}, false}, "abab", "[MASKED][MASKED]");
}

TEST(Masker, HidesAValueOfSeveralLinesAsAWhole) {
    const MaskOptions rules{{"apiVersion: v1\nkind: Config\nname: x"}, {}, false};
    expect_masked(rules, "apiVersion: v1\nkind: Config\nname: x\n", "[MASKED]\n");
    expect_masked(rules, "kind: Config\napiVersion: v1\nkind: Other\n",
                  "kind: Config\napiVersion: v1\nkind: Other\n");
}

TEST(Masker, HidesTheLinesOfAKeyAlone) {
    const MaskOptions rules{{"-----BEGIN K-----\nMIIEpAIBAAKC\nab\n-----END K-----"}, {}, false};
    expect_masked(rules, "-----BEGIN K-----\nMIIEpAIBAAKC\nab\n-----END K-----\n", "[MASKED]\n");
    expect_masked(rules, "1: MIIEpAIBAAKC\r\n2: ab\r\n", "1: [MASKED]\r\n2: ab\r\n");
}

TEST(Masker, KeepsThePrefixOfTokens) {
    const MaskOptions rules{{}, {"myco-", "glpat-"}, true};
    expect_masked(rules, "use glpat-abc_DEF.123= now", "use glpat-[MASKED] now");
    expect_masked(rules, "glpat- alone, glrt-", "glpat- alone, glrt-");
    expect_masked(rules, "(myco-x)(_gitlab_session=f00/)",
                  "(myco-[MASKED])(_gitlab_session=[MASKED]/)");
    expect_masked(rules, "glrt-t1_abc,glpat-glpat-x", "glrt-[MASKED],glpat-[MASKED]");
    expect_masked({{}, {"a-"}, false}, "glpat-x glrt-x a-x", "glpat-[MASKED] glrt-x a-[MASKED]");
}

TEST(Masker, HidesSecretUrlParameters) {
    expect_masked({}, "GET /x?private_token=abc&rss_token=d%20e HTTP",
                  "GET /x?private_token=[MASKED]&rss_token=[MASKED] HTTP");
    expect_masked(
        {}, "?X-Amz-Signature=1&X-AMZ-Security-Token=2\n&x-amz-credential=&y=z",
        "?X-Amz-Signature=[MASKED]&X-AMZ-Security-Token=[MASKED]\n&x-amz-credential=&y=z");
    expect_masked({}, "?private_tokens=1 ?private=2 private_token=3",
                  "?private_tokens=1 ?private=2 private_token=3");
}

TEST(Masker, MergesOverlapsOfDifferentKinds) {
    const MaskOptions rules{{"abc123", "glpat-whole"}, {}, false};
    expect_masked(rules, "glpat-abc123more", "glpat-[MASKED]");
    expect_masked(rules, "glpat-whole", "[MASKED]");
    expect_masked(rules, "?private_token=xabc123 abc123", "?private_token=[MASKED] [MASKED]");
}

TEST(Masker, PassesDecidedBytesOnAtOnce) {
    const auto set = make_set({{"secret-word"}, {}, false});
    Masker masker(set);
    Text out;
    masker.write("progress 10%\rsec", out);
    EXPECT_EQ(out.text, "progress 10%\r");
    EXPECT_EQ(masker.held_back(), 3U);
    masker.write("ond", out);
    EXPECT_EQ(out.text, "progress 10%\rsecond");
    EXPECT_EQ(masker.held_back(), 0U);
    masker.write(" secret-word", out);
    EXPECT_EQ(out.text, "progress 10%\rsecond [MASKED]");
}

/// With an alphabet of few letters, phrases often touch, overlap or nearly match.
TEST(Masker, AgreesWithTheReference) {
    std::mt19937 random(20260131);
    const auto pick = [&](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
    };
    const Pieces words{"a",
                       "b",
                       "ab",
                       "aab",
                       "?",
                       "&",
                       "private_token=",
                       "RSS_Token=",
                       "x-amz-s",
                       "ecurity-token=",
                       "glpat-",
                       "gl",
                       "pat-",
                       "t-",
                       " ",
                       "\n",
                       ".",
                       "=",
                       "\xe4\xbd\xa0",
                       "cccccccccccccccccccccccccccccccccccc"};
    for (int round = 0; round < 500; ++round) {
        Pieces phrases;
        for (std::size_t i = pick(5); i > 0; --i) {
            std::string phrase;
            for (std::size_t n = 1 + pick(4); n > 0; --n) phrase += words[pick(words.size())];
            const auto first = phrase.find_first_not_of(" \n");
            if (first == std::string::npos) continue;
            phrase = phrase.substr(first, phrase.find_last_not_of(" \n") - first + 1);
            if (phrase.find('\n') == std::string::npos) phrases.push_back(phrase);
        }
        const Pieces prefixes = pick(2) == 0 ? Pieces{"glpat-", "t-", "b"} : Pieces{"glpat-"};
        std::string text;
        for (std::size_t n = pick(60); n > 0; --n) text += words[pick(words.size())];
        Pieces pieces;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t length = 1 + pick(12);
            pieces.push_back(text.substr(at, length));
            at += length;
        }
        const auto set = make_set({phrases, prefixes, false});
        const auto expected = tests::MaskReference(phrases, prefixes).apply(text);
        ASSERT_EQ(masked(set, pieces), expected)
            << text << " | " << ::testing::PrintToString(phrases);
        ASSERT_EQ(masked(set, {text}), expected)
            << text << " | " << ::testing::PrintToString(phrases);
    }
}

TEST(Masker, ContinuesFromWhatWasSaved) {
    const MaskOptions rules{{"aab", "secret-word"}, {}, true};
    const auto set = make_set(rules);
    const std::string text = "aaab secret-word glpat-abcdef x?private_token=zzz&a=b secret-wo aa";
    const auto expected = masked(set, {text});
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        Text out;
        Masker before(set);
        before.write(text.substr(0, cut), out);
        Masker after(set);
        after.restore(before.save());
        EXPECT_EQ(after.save(), before.save());
        after.write(text.substr(cut), out);
        after.close(out);
        EXPECT_EQ(out.text, expected) << "cut at " << cut;
    }
}

TEST(Masker, TakesFurtherSecretsAtAnyByte) {
    const MaskOptions before{{"aab"}, {}, true};
    const MaskOptions after{{"aab", "secret-word"}, {}, true};
    const std::string text = "aaab glpat-abc aa secret-word secret-wo";
    for (std::size_t cut = 0; cut <= text.find("secret"); ++cut) {
        Text out;
        Masker masker(make_set(before));
        masker.write(text.substr(0, cut), out);
        masker.change_set(make_set(after));
        masker.write(text.substr(cut), out);
        masker.close(out);
        EXPECT_EQ(out.text, "a[MASKED] glpat-[MASKED] aa [MASKED] secret-wo") << "cut at " << cut;
    }
}

TEST(Masker, FindsASecretThatHadBegunWhenItsStateWasSaved) {
    const MaskOptions known{{"aab"}, {}, true};
    const MaskOptions complete{{"aab", "secret-word"}, {}, true};
    const std::string text = "x secret-word y";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        Text out;
        Masker former(make_set(complete));
        former.write(text.substr(0, cut), out);
        Masker masker(make_set(known));
        masker.restore(former.save());
        masker.change_set(make_set(complete));
        masker.write(text.substr(cut), out);
        masker.close(out);
        EXPECT_EQ(out.text, "x [MASKED] y") << "cut at " << cut;
    }
}

TEST(Prefilter, FindsBeginningsInLongTexts) {
    const auto set = make_set({{"needle-1234"}, {}, false});
    for (std::size_t place = 0; place < 200; ++place) {
        std::string text(300, 'n');
        text.replace(place, 11, "needle-1234");
        EXPECT_EQ(set->find_candidate(text, 0), place);
    }
    EXPECT_EQ(set->find_candidate(std::string(300, 'n'), 0), 297U);
}

}  // namespace
}  // namespace runner::trace
