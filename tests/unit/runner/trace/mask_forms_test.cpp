#include "runner/trace/mask_forms.hpp"

#include <gmock/gmock.h>

#include "runner/trace/mask_set.hpp"
#include "runner/trace/masker.hpp"
#include "runner/trace/secret_parts.hpp"

namespace runner::trace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

struct Appearance {
    std::string value;
    std::string shown;
};

TEST(MaskForms, KnowHowProgramsShowAValue) {
    const std::vector<Appearance> cases{
        // JSON, Go and Docker
        {R"(a"b\c<d-word)", R"(a\"b\\c<d-word)"},
        {R"(a"b\c<d-word)", R"(a\"b\\c\u003cd-word)"},
        {R"(a"b\c<d-word)", R"(a\\\"b\\\\c<d-word)"},
        {"tab\tline\nend", R"(tab\tline\nend)"},
        {"bell\a-escape\x1b", R"(bell\a-escape\x1b)"},
        {"bell\a-escape\x1b", R"(bell\u0007-escape\u001b)"},
        {"gr\xc3\xbc\xc3\x9f-\xf0\x9f\x98\x80", R"(gr\u00fc\u00df-\ud83d\ude00)"},
        {"a/b/secret", R"(a\/b\/secret)"},
        // shells
        {"it's-secret", R"(it'\''s-secret)"},
        {"it's-secret", R"(it'"'"'s-secret)"},
        {"it's-secret", R"(it'\''\'\'''\''s-secret)"},
        {"it's-secret", "it''s-secret"},
        {R"(pa$s"w`o\rd)", R"(pa\$s\"w\`o\\rd)"},
        {"pass word&(more)", R"(pass\ word\&\(more\))"},
        {"line\nit's\x1b[m", R"(line\nit\'s\033[m)"},
        // URLs
        {"p@ss/word 1+", "p%40ss%2Fword%201%2B"},
        {"p@ss/word 1+", "p%40ss%2fword%201%2b"},
        {"p@ss/word 1+", "p%40ss/word%201%2B"},
        {"p@ss/word 1+", "p%40ss%2Fword+1%2B"},
        {"p%40ss%2Fword", "p@ss/word"},
        // cache keys and paths
        {R"(pass\word1)", "pass/word1"},
        {"pass%2fword1", "pass/word1"},
        {"pass%2Fword%2e1", "pass/word.1"},
        {R"(..\secret)", "secret"},
        {"password1/", "password1"},
        {"/pass//word/./1/", "pass/word/1"},
        {"x/../password", "password"},
        {"pass/word1", "pass__word1"},
        {"pass/word1", "pass-word1"},
        // several lines
        {"one two\r\nthree", "one two\nthree"},
        {"one\n  two three\n", "one two three"},
    };
    for (const auto& [value, shown] : cases) {
        MaskOptions options;
        options.phrases = {value};
        const auto set = std::make_shared<const MaskSet>(options);
        EXPECT_EQ(mask_text(set, "<" + shown + ">"), "<[MASKED]>") << value;
        EXPECT_EQ(mask_text(set, "<" + value + ">").find("word"), std::string::npos) << value;
    }
}

TEST(MaskForms, OfAPlainWordAreTheWord) {
    EXPECT_THAT(forms_of("hunter2-hunter3_x.y~"), ElementsAre("hunter2-hunter3_x.y~"));
    EXPECT_THAT(forms_of(""), IsEmpty());
}

TEST(MaskForms, LeaveOutNamesThatAreTooShort) {
    for (const auto& form : forms_of("../../x/etc/")) EXPECT_GE(form.size(), 6U) << form;
    for (const auto& form : forms_of("/.//")) EXPECT_GE(form.size(), 4U) << form;
}

TEST(MaskForms, AreMaskedWithinALimitOfMemory) {
    std::string value(kMaxFormedBytes, 'x');
    value[0] = '"';
    const auto shows = [](const std::vector<std::string>& values) {
        MaskOptions options;
        options.phrases = values;
        const auto set = std::make_shared<const MaskSet>(options);
        EXPECT_EQ(mask_text(set, values.back()), "[MASKED]");
        return mask_text(set, "\\" + values.back()) != "[MASKED]";
    };
    EXPECT_FALSE(shows({value}));
    EXPECT_TRUE(shows({value + "x"}));
    std::vector<std::string> many;
    for (std::size_t i = 0; i < kMaxFormedTotal / kMaxFormedBytes + 1; ++i) {
        value[9] = static_cast<char>('a' + i);
        many.push_back(value);
    }
    EXPECT_TRUE(shows(many));
}

constexpr const char* kKubeconfig =
    "apiVersion: v1\n"
    "kind: Config\n"
    "clusters:\n"
    "- name: production-cluster-2024\n"
    "  cluster:\n"
    "    server: https://10.0.0.1:6443\n"
    "users:\n"
    "- user:\n"
    "    token: eyJhbGciOiJSUzI1NiJ9.Zm9vYmFy.c2lnbmF0dXJl\n"
    "    client-key-data: \"LS0tLS1CRUdJTiBSU0EgS0VZ==\"\n"
    "    digest: 0123456789abcdef0123456789abcdef\n";

TEST(SecretParts, AreWordsThatLookLikeKeys) {
    EXPECT_THAT(
        secret_parts_of(kKubeconfig),
        UnorderedElementsAre("eyJhbGciOiJSUzI1NiJ9.Zm9vYmFy.c2lnbmF0dXJl",
                             "LS0tLS1CRUdJTiBSU0EgS0VZ==", "0123456789abcdef0123456789abcdef"));
    EXPECT_THAT(secret_parts_of("A=1\nTOKEN=aB3456789012345678901234==\n"),
                ElementsAre("aB3456789012345678901234=="));
}

TEST(SecretParts, AreTheLinesOfAKey) {
    EXPECT_THAT(secret_parts_of("-----BEGIN KEY-----\r\nMIIEpAIBAAKC\r\nab\r\n"
                                "abcdefgh\r\n-----END KEY-----\r\nno secret line\r\n"),
                UnorderedElementsAre("MIIEpAIBAAKC", "abcdefgh"));
    EXPECT_THAT(secret_parts_of("aB3456789012345678901234"), IsEmpty()) << "of one line";
}

}  // namespace
}  // namespace runner::trace
