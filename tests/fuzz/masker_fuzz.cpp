// Compares the masker with a simple reference, for any phrases, text and pieces. The input consists
// of lines: those before the first empty line are phrases, the rest is the text. The bytes of the
// text also decide where it is split into pieces.

#include <cstdlib>
#include <set>

#include "runner/trace/mask_forms.hpp"
#include "runner/trace/masker.hpp"
#include "tests/unit/runner/trace/mask_reference.hpp"

namespace {

namespace trace = runner::trace;

struct Text final : trace::ByteSink {
    void write(std::string_view bytes) override { text.append(bytes); }
    std::string text;
};

struct Input {
    std::vector<std::string> phrases;
    std::string text;
};

Input read(std::string_view bytes) {
    Input input;
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        const auto line = bytes.substr(0, end);
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        if (line.empty()) break;
        const auto first = line.find_first_not_of(" \t\r\v\f");
        if (first == std::string_view::npos) continue;
        const auto last = line.find_last_not_of(" \t\r\v\f");
        input.phrases.emplace_back(line.substr(first, last - first + 1));
    }
    input.text = bytes;
    return input;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const Input input = read({static_cast<const char*>(static_cast<const void*>(data)), size});
    const auto set =
        std::make_shared<const trace::MaskSet>(trace::MaskOptions{input.phrases, {"t-"}, false});
    trace::Masker masker(set);
    Text out;
    std::size_t at = 0;
    while (at < input.text.size()) {
        const std::size_t length = 1 + static_cast<unsigned char>(input.text[at]) % 7;
        masker.write(std::string_view(input.text).substr(at, length), out);
        // The daemon may restart between two pieces.
        trace::Masker next(set);
        next.restore(masker.save());
        masker = std::move(next);
        at += length;
    }
    masker.close(out);
    std::set<std::string> forms;
    for (const auto& phrase : input.phrases) forms.merge(trace::forms_of(phrase));
    const tests::MaskReference reference({forms.begin(), forms.end()}, {"glpat-", "t-"});
    if (out.text != reference.apply(input.text)) std::abort();
    return 0;
}
