#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/runner/moa/moa_values.hpp"

namespace {

using namespace runner::moa;
using testing::HasSubstr;
using testing::StartsWith;
using tests::moa::expanded;

struct Case {
    std::string_view expression;
    std::string_view value;
};

void expect_values(const std::vector<Case>& cases) {
    for (const auto& [expression, value] : cases)
        EXPECT_EQ(expanded("<${{ " + std::string(expression) + " }}>"),
                  "<" + std::string(value) + ">")
            << expression;
}

TEST(MoaTemplate, ReplacesExpressionsAndKeepsEverythingElse) {
    const std::vector<Case> cases{
        {"", ""},
        {"echo ${NAME} $$ }} {{ $[[ x ]] \\n", "echo ${NAME} $$ }} {{ $[[ x ]] \\n"},
        {"${{job.inputs.name}}${{ job.inputs.age }}.", "bob3."},
        {"a\n${{\n job.inputs.name\n}}\nb", "a\nbob\nb"},
        {R"(\${{ job.inputs.name }} ${{ 'x' }})", "${{ job.inputs.name }} x"},
        {R"(\n\${{ x }}\)", R"(\n${{ x }}\)"},
        {"a${{ }}b${{}}c", "abc"},
        {"${{ {a: {b: 1}} }}}}", R"({"a":{"b":1}}}})"},
        {"${{{a: 1}}}", R"({"a":1})"},
        {"ä${{ 'ö' }}ü", "äöü"},
    };
    for (const auto& [text, value] : cases) EXPECT_EQ(expanded(text), value) << text;
}

TEST(MoaLiterals, OfEveryKind) {
    expect_values({
        {"null", "<null>"},
        {"true", "true"},
        {"false", "false"},
        {"42", "42"},
        {"007", "7"},
        {"3.14", "3.14"},
        {"1.5e3", "1500"},
        {"2E-4", "0.0002"},
        {".5", "0.5"},
        {"9007199254740993", "9007199254740992"},
        {"1e21", "1e+21"},
        {"[1, 'a', true, null, [],]", R"([1,"a",true,null,[]])"},
        {"[]", "[]"},
        {"{}", "{}"},
        {"{name: 'runner', \"v\": 1, ('a' + 'b'): 2,}", R"({"ab":2,"name":"runner","v":1})"},
        {"{a: 1, a: 2}", R"({"a":2})"},
    });
}

TEST(MoaStrings, HaveTwoKindsOfQuotes) {
    expect_values({
        {R"("a\\\"\n\r\t\a\b\f\v\/")", "a\\\"\n\r\t\a\b\f\v/"},
        {R"("\u00e4\u20AC\ud83d\ude00\ud83dx")", "ä€😀\xef\xbf\xbdx"},
        {R"("\${{ name }}")", "${{ name }}"},
        {R"('It\'s \\')", "It's \\"},
        {R"('${{ name }} "')", "${{ name }} \""},
        {R"("${{ job.inputs.name }}-${{ 1 + 1 }}-${{ "in ${{ job.inputs.age }}" }}")",
         "bob-2-in 3"},
        {R"("${{ {a: "}}"} }}")", R"({"a":"}}"})"},
        {R"("${{ }}" + "x")", "x"},
    });
}

TEST(MoaOperators, Calculate) {
    expect_values({
        {"2 + 3", "5"},
        {"'a' + \"b\"", "ab"},
        {"10 - 4", "6"},
        {"3 * 4", "12"},
        {"10 / 4", "2.5"},
        {"10 % 3", "1"},
        {"-7 % 3", "-1"},
        {"5.5 % 2", "1.5"},
        {"+5", "5"},
        {"- -5", "5"},
        {"!true", "false"},
        {"!!'x'", "true"},
        {"0 * -1", "0"},
        {"1-1", "0"},
        {"!job.inputs.empty", "true"},
        {"-job.inputs.age", "-3"},
    });
}

TEST(MoaOperators, HavePrecedenceAndGoFromLeftToRight) {
    expect_values({
        {"1 + 2 * 3", "7"},
        {"(1 + 2) * 3", "9"},
        {"10 - 2 - 3", "5"},
        {"24 / 4 / 2", "3"},
        {"-2 + 3", "1"},
        {"!false && false", "false"},
        {"1 + 1 == 2", "true"},
        {"1 < 2 == true", "true"},
        {"false && false || true", "true"},
        {"true || false && false", "true"},
        {"1 == 1 && 2 == 2 && 'yes' || 'no'", "yes"},
    });
}

TEST(MoaOperators, CompareKindsFirst) {
    expect_values({
        {"1 == '1'", "false"},
        {"1 != '1'", "true"},
        {"null == null", "true"},
        {"null < false", "true"},
        {"true < 0", "true"},
        {"9 < ''", "true"},
        {"'z' < []", "true"},
        {"[9] < {}", "true"},
        {"{} < str", "true"},
        {"false < true", "true"},
        {"'a' < 'b'", "true"},
        {"'B' < 'a'", "true"},
        {"2 <= 2", "true"},
        {"3 >= 4", "false"},
        {"3 > 2", "true"},
        {"[1, 2] < [1, 2, 0]", "true"},
        {"[1, 3] > [1, 2, 9]", "true"},
        {"{a: 1, b: 2} == {b: 2, a: 1}", "true"},
        {"{a: 9} < {a: 1, b: 1}", "true"},
        {"{b: 1} > {a: 2}", "true"},
        {"{a: 2} > {a: 1}", "true"},
    });
}

TEST(MoaOperators, AndAndOrAnswerOneOfTheirSides) {
    expect_values({
        {"job.inputs.empty || 'default'", "default"},
        {"job.inputs.name || 'default'", "bob"},
        {"job.inputs.nobody || 'default'", "default"},
        {"job.inputs.nobody.deep || 'default'", "default"},
        {"job.inputs.list[9] || job.inputs.nobody || 'z'", "z"},
        {"null && job.inputs.nobody", "<null>"},
        {"'x' || 1 / 0", "x"},
        {"job.inputs.on && '-v' || ''", "-v"},
        {"job.inputs.age == 3 && 'three' || 'other'", "three"},
        {"0 || [] || {} || '' || false", "false"},
    });
}

TEST(MoaAccess, ReachesMembersAndElements) {
    expect_values({
        {"job.inputs.address.line1", "42 Way"},
        {"job['inputs'][\"address\"].zip", "7"},
        {"job.inputs[\"my-name\"]", "x"},
        {"job.inputs.list[0]", "a"},
        {"job.inputs.list[3 - 2]", "1"},
        {"[1, [2, 3]][1][0]", "2"},
        {"{a: [{b: 5}]}.a[0].b", "5"},
        {"{\"default\": 2}.default", "2"},
    });
}

TEST(MoaFunctions, ConvertValues) {
    expect_values({
        {"str(42)", "42"},
        {"str(true) + str(null)", "true<null>"},
        {"str(job.inputs.list)", R"(["a",1,null])"},
        {"str(str)", "<func>"},
        {"num('42') + num('3.5')", "45.5"},
        {"num('-1e2')", "-100"},
        {"num('+5')", "5"},
        {"num(7)", "7"},
        {"bool('hello')", "true"},
        {"bool('')", "false"},
        {"bool(0)", "false"},
        {"bool([0])", "true"},
        {"bool({})", "false"},
        {"str(job.inputs.age + 1) + '.0.0'", "4.0.0"},
    });
}

TEST(MoaFaults, OfTheTextNameTheirPlace) {
    const std::vector<Case> cases{
        {"a ${{ job.inputs.name", "parse: character 6: the expression has no end"},
        {"${{ 'x }}", "parse: character 5: the string has no end"},
        {"${{ \"x }}", "parse: character 6: the string has no end"},
        {"ä\nö ${{ 1 + }}", "parse: line 2, character 11: \"}}\" stands where a value is wanted"},
        {"${{ 1 2 }}", "parse: character 7: \"2\" stands where an operator or \"}}\" is wanted"},
        {"${{ a | b }}", "parse: character 7: \"|\" has no meaning here"},
        {"${{ a ? b : c }}", "parse: character 7: \"?\" has no meaning"},
        {"${{ [1 }}", "parse: character 8: \"}}\" stands where \",\" or \"]\" is wanted"},
        {"${{ {a 1} }}", "parse: character 8: \"1\" stands where \":\" is wanted"},
        {"${{ f(1,,2) }}", "parse: character 9: \",\" stands where a value is wanted"},
        {"${{ () }}", "parse: character 5: one value is wanted"},
        {"${{ a[] }}", "parse: character 6: one index is wanted"},
        {"${{ a. }}", "parse: character 8: \"}}\" stands where a name behind \".\" is wanted"},
        {"${{ type }}", "parse: character 5: \"type\" is reserved"},
        {"${{ \"\\x\" }}", "parse: character 6: \"\\x\" is no escape sequence"},
        {"${{ '\\n' }}", "parse: character 6: a string in single quotes"},
        {"${{ \"\\u12\" }}", "parse: character 6: \"\\u\" wants four"},
        {"${{ 1e999 }}", "parse: character 5: 1e999 is no number"},
        {"${{ 1.2.3 }}", "parse: character 8: \".3\" stands"},
        {"${{ ${{ a }} }}", "parse: character 5: \"${{\" stands inside"},
        {"${{ a } }}", "parse: character 7: \"}\" stands"},
    };
    for (const auto& [text, message] : cases)
        EXPECT_THAT(expanded(text), StartsWith(std::string(message))) << text;
}

TEST(MoaFaults, OfTheValuesNameTheirPlace) {
    const std::vector<Case> cases{
        {"${{ foo.bar }}", "eval: character 5: nothing has the name \"foo\""},
        {"${{ foo || 'x' }}", "eval: character 5: nothing has the name \"foo\""},
        {"${{ job.inputs.nobody }}", "absent: character 16: there is no \"nobody\" in it"},
        {"${{ job.inputs.my-name }}",
         "absent: character 16: there is no \"my\" in it; a name with a \"-\" is written "
         "[\"my-…\"]"},
        {"${{ job.inputs.list[3] }}", "absent: character 20: the array has 3 elements"},
        {"${{ job.inputs.list[-1] }}", "absent: character 20: the array has 3 elements"},
        {"${{ job.inputs.list[0.5] }}", "eval: character 20: the index is no whole number"},
        {"${{ job.inputs.list.x }}", "eval: character 21: type array has no member \"x\""},
        {"${{ job.inputs[0] }}",
         "eval: character 15: type object has no element for an index of type number"},
        {"${{ null.x }}", "eval: character 10: type null has no member"},
        {"${{ 'a' + 1 }}",
         "eval: character 9: \"+\" is not possible between types string and number; str()"},
        {"${{ [] - 1 }}",
         "eval: character 8: \"-\" is not possible between types array and number"},
        {"${{ 1 / 0 }}", "eval: character 7: division by zero"},
        {"${{ 1 % 0 }}", "eval: character 7: division by zero"},
        {"${{ 1e308 * 10 }}", "eval: character 11: the result is too large"},
        {"${{ -'a' }}", "eval: character 5: \"-\" wants a number, not type string"},
        {"${{ {(1): 2} }}", "eval: character 7: a key is a string, not of type number"},
        {"${{ num('4x') }}", "eval: character 8: num() got a string that is no number"},
        {"${{ num('inf') }}", "eval: character 8: num() got a string that is no number"},
        {"${{ num([]) }}", "eval: character 8: num() makes a number of a string"},
        {"${{ str() }}", "eval: character 8: the function wants one argument and got 0"},
        {"${{ 'x'() }}", "eval: character 8: type string cannot be called"},
    };
    for (const auto& [text, message] : cases)
        EXPECT_THAT(expanded(text), StartsWith(std::string(message))) << text;
}

TEST(MoaSensitive, FollowsAValueThroughEveryOperation) {
    const auto sensitive = [](const std::string& expression) {
        Budget budget;
        const auto result = expand("${{ " + expression + " }}", tests::moa::names(), budget);
        EXPECT_TRUE(result.has_value()) << expression;
        return result && !result->sensitive.empty();
    };
    for (const char* expression :
         {"job.inputs.key", "'a' + job.inputs.key", "str(job.inputs.key)", "bool(job.inputs.key)",
          "!job.inputs.key", "job.inputs.key == 'x'", "[job.inputs.key]", "str([job.inputs.key])",
          "{a: job.inputs.key}", "{(job.inputs.key): 1}", "\"x ${{ job.inputs.key }}\"",
          "[1, job.inputs.key][1]", "job.inputs.key || 'x'", "job.inputs.empty || job.inputs.key",
          "str(job)", "{hush: 1}[job.inputs.key]", "[[job.inputs.key]] == 1",
          "{(job.inputs.key): 1}.hush"}) {
        EXPECT_TRUE(sensitive(expression)) << expression;
    }
    for (const char* expression :
         {"job.inputs.name", "[job.inputs.key, 'a'][1]", "{a: job.inputs.key, b: 1}.b",
          "job.inputs.key && 'given' || 'none'", "job.inputs.name || job.inputs.key"}) {
        EXPECT_FALSE(sensitive(expression)) << expression;
    }
}

TEST(MoaSensitive, ValuesAreInNoMessage) {
    for (const char* expression :
         {"num(job.inputs.key)", "job.inputs[job.inputs.key]", "job.inputs.key + 1",
          "job.inputs.key.x", "{a: 1}[job.inputs.key]", "-job.inputs.key", "job.inputs.key()"})
        EXPECT_THAT(expanded("${{ " + std::string(expression) + " }}"),
                    testing::AllOf(testing::ContainsRegex("^(eval|absent): "),
                                   testing::Not(HasSubstr("hush"))));
}

}  // namespace
