// Random mutations of all case files. Whatever the text is, loading must end quickly, with a result
// or an error. The mutations are the same in every run; tests/fuzz makes more of them.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "runner/pipeline/include/work_tree.hpp"
#include "runner/pipeline/lint.hpp"
#include "runner/pipeline/load.hpp"
#include "runner/pipeline/plan/create.hpp"
#include "runner/pipeline/view/view.hpp"
#include "tests/unit/runner/pipeline/case_files.hpp"

namespace runner::pipeline {
namespace {

namespace fs = std::filesystem;
using Random = std::mt19937;

constexpr std::size_t kLongest = 4096;
constexpr std::chrono::seconds kSoon{5};

/// Loads the text, creates a pipeline and prints it in all forms. Returns how far it came:
/// "invalid", "refused" or "created".
std::string try_all(const std::string& text) {
    LoadRequest request;
    request.text = text;
    include::WorkTreeSource source("/nonexistent");
    const Loaded loaded = load_configuration(request, source);
    for (const Problem& problem : loaded.errors) (void)describe(problem, loaded);
    (void)lint_json(loaded, nullptr, true);
    if (!loaded.valid()) return "invalid";
    plan::CreateRequest create;
    create.pipeline.ref = "main";
    create.pipeline.source = "push";
    create.repository.files = rules::Paths{"a", "src/a.c"};
    create.repository.changed = rules::Paths{"a", "src/a.c"};
    const plan::Pipeline made =
        plan::create_pipeline(*loaded.configuration, loaded.parallel, create);
    const view::CreatedPipeline shown{loaded, made};
    (void)(view::table(shown) + view::details(shown, {}) + view::dot(shown) + view::mermaid(shown));
    (void)view::to_json(shown, {});
    return made.errors.empty() ? "created" : "refused";
}

std::vector<std::string> case_texts() {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::recursive_directory_iterator(tests::pipeline_cases())) {
        if (entry.path().extension() == ".yml") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> texts;
    for (const fs::path& path : paths) {
        std::string text = tests::read_file(path);
        if (text.size() <= kLongest) texts.push_back(std::move(text));
    }
    return texts;
}

std::size_t below(std::size_t limit, Random& random) { return limit == 0 ? 0 : random() % limit; }

/// Pieces of the language, which mutations insert at random positions.
const std::string& word(Random& random) {
    static const std::vector<std::string> words{"script: x",
                                                "needs: [a]",
                                                "*a",
                                                "&a ",
                                                "<<: *a",
                                                "!reference [a, script]",
                                                "extends: a",
                                                "$[[ inputs.a ]]",
                                                "---\n",
                                                "spec: {inputs: {a: }}",
                                                "include: a.yml",

                                                "parallel: {matrix: [{A: [1, 2]}]}",
                                                "rules: [{if: $A =~ /a+/}]",
                                                "null",
                                                "\xff",
                                                "\0x",
                                                "\t",
                                                "- ",
                                                "? ",
                                                "| \n",
                                                "\"",
                                                "'",
                                                "{",
                                                "]",
                                                ": ",
                                                "999999999999999999999",
                                                "trigger: {include: a.yml}",
                                                "default: ",
                                                "workflow: ",
                                                "stages: [a]",
                                                "stage: a"};
    return words[below(words.size(), random)];
}

std::string mutated(std::string text, const std::string& other, Random& random) {
    for (std::size_t left = 1 + below(2, random); left > 0; --left) {
        const std::size_t at = below(text.size() + 1, random);
        switch (below(5, random)) {
            case 0: text.insert(at, word(random)); break;
            case 1: text.erase(at, 1 + below(8, random)); break;
            case 2: text.insert(at, other.substr(below(other.size(), random))); break;
            case 3: text.insert(at, text.substr(below(text.size(), random), 20)); break;
            default:
                if (at < text.size()) text[at] = static_cast<char>(random() % 256);
        }
    }
    return text;
}

TEST(Mutations, EndQuicklyAndReachEveryResult) {
    const std::vector<std::string> texts = case_texts();
    ASSERT_GT(texts.size(), 300U);
    Random random(20'240'601);  // NOLINT: the same in every run
    std::map<std::string, int> answers;
    for (int round = 0; round < 4000; ++round) {
        const std::string text =
            mutated(texts[below(texts.size(), random)], texts[below(texts.size(), random)], random);
        SCOPED_TRACE(text);
        const auto start = std::chrono::steady_clock::now();
        ++answers[try_all(text)];
        ASSERT_LT(std::chrono::steady_clock::now() - start, kSoon);
    }
    EXPECT_GT(answers["invalid"], 100);
    EXPECT_GT(answers["refused"], 0);
    EXPECT_GT(answers["created"], 50);
}

TEST(Mutations, ExponentialFilesEndQuickly) {
    const auto repeat = [](int count, auto line) {
        std::string text;
        for (int i = 0; i < count; ++i) text += line(i);
        return text;
    };
    const auto n = [](int number) { return std::to_string(number); };
    const std::vector<std::string> files{
        // Aliases of aliases, references to references, extends with many parents.
        ".0: &a0 [x, x, x]\n" +
            repeat(40,
                   [&](int i) {
                       return "." + n(i + 1) + ": &a" + n(i + 1) + " [*a" + n(i) + ", *a" + n(i) +
                              ", *a" + n(i) + "]\n";
                   }) +
            "a: {script: *a40}\n",
        ".0: {s: [x, x]}\n" +
            repeat(40,
                   [&](int i) {
                       const std::string r = "!reference [." + n(i) + ", s]";
                       return "." + n(i + 1) + ": {s: [" + r + ", " + r + ", " + r + "]}\n";
                   }) +
            "a: {script: [!reference [.40, s]]}\n",
        ".0: {variables: {A: x}}\n" +
            repeat(9,
                   [&](int i) {
                       std::string list;
                       for (int k = 0; k < 200; ++k) list += (k > 0 ? ", ." : ".") + n(i);
                       return "." + n(i + 1) + ": {extends: [" + list + "]}\n";
                   }) +
            "a: {script: x, extends: .9}\n",
        // Matrices, depth, length.
        "a: {script: x, parallel: {matrix: [{" +
            repeat(12,
                   [&](int i) {
                       return (i > 0 ? ", K" : "K") + n(i) + ": [1, 2, 3, 4, 5, 6, 7, 8, 9]";
                   }) +
            "}]}}\n",
        "a: {script: " + std::string(5000, '[') + "\n",
        "a:\n" + repeat(500,
                        [](int i) {
                            return std::string(static_cast<std::size_t>(i) + 1, ' ') + "a:\n";
                        }),
        "a: {script: x, rules: [{if: '" + repeat(5000, [](int) { return std::string("!("); }) +
            "'}]}\n",
        "a: {script: x, only: ['/(((((a+)+)+)+)+$/']}\n",
        "a: {script: x, rules: [{exists: ['" +
            repeat(400, [](int) { return std::string("**/*{a,b}"); }) + "']}]}\n",
        "variables: {" +
            repeat(
                300,
                [&](int i) { return "V" + n(i) + ": '$V" + n(i + 1) + "$V" + n(i + 1) + "', "; }) +
            "V300: xxxxxxxxxx}\na: {script: x, environment: $V0}\n",
        "spec: {inputs: {a: {type: array, default: [x, x, x, x]}}}\n---\na: {script: [" +
            repeat(2000, [](int) { return std::string("'$[[ inputs.a ]]', "); }) + "x]}\n",
        repeat(3000,
               [&](int i) {
                   return "j" + n(i) + ": {script: x, needs: [j" + n((i + 1) % 3000) + "]}\n";
               }),
    };
    for (const std::string& file : files) {
        SCOPED_TRACE(file.substr(0, 200));
        const auto start = std::chrono::steady_clock::now();
        (void)try_all(file);
        EXPECT_LT(std::chrono::steady_clock::now() - start, kSoon);
    }
}

}  // namespace
}  // namespace runner::pipeline
