// config.toml: parsing, checking, and the edits that `register`, `unregister` and token rotation
// make in a file of any form.

#include <string>

#include "runner/config/edit.hpp"
#include "runner/config/inspect.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace runner::config;
using tests::fuzz::require;

std::size_t runners_of(const Node& root) { return tables_named(root, "runners").size(); }

/// The value of a key in the [[runners]] entry with this index; "" when there is none.
std::string text_in(const Node& root, std::size_t entry, std::string_view key) {
    const Node* value = tables_named(root, "runners").at(entry)->find(key);
    return value == nullptr ? "" : value->text;
}

Node reread(const std::string& text) {
    auto root = parse_toml(text, "config.toml");
    require(root.has_value(), "an edited file is TOML");
    return *root;
}

void check_edits(const std::string& text, const Node& root) {
    const std::size_t before = runners_of(root);
    Node runner = Node::table();
    runner.set("name", Node::string("added \"one\"\n"));
    runner.set("token", Node::string("t"));
    if (const auto more = append_runner(text, runner)) {
        const Node edited = reread(*more);
        require(runners_of(edited) == before + 1, "an entry was added");
        require(text_in(edited, before, "name") == "added \"one\"\n",
                "the added entry is the last");
    }
    if (before == 0) return;
    if (const auto fewer = remove_runner(text, before - 1)) {
        require(runners_of(reread(*fewer)) == before - 1, "an entry was removed");
    }
    if (const auto other =
            replace_token(text, 0, base::Secret("new"), {"2020-01-01T00:00:00Z", ""})) {
        const Node edited = reread(*other);
        require(text_in(edited, 0, "token") == "new", "the token was replaced");
        require(runners_of(edited) == before, "replacing a token keeps the entries");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(tests::fuzz::as_text(data, size));
    const auto root = parse_toml(text, "config.toml");
    if (!root) {
        require(root.error().message.starts_with("config.toml:"), "a syntax error has its place");
        return 0;
    }
    const Inspection inspection = inspect(*root, "/etc/gitlab-runner/config.toml");
    for (const Finding& finding : inspection.findings)
        require(!finding.text.empty(), "a finding has a text");
    for (const auto& entry : root->entries) {
        const std::string line = "x = " + to_toml(entry.value);
        require(to_toml(*reread(line).find("x")) == to_toml(entry.value),
                "a value keeps its meaning as text");
    }
    check_edits(text, *root);
    return 0;
}
