#include "runner/pipeline/spec/interpolate.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>

#include "base/strings.hpp"
#include "runner/pipeline/yaml/load.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::spec {

using yaml::List;
using yaml::Map;
using yaml::Value;

namespace {

constexpr std::size_t kMostFunctions = 3;
constexpr std::size_t kMostSegments = 5;
constexpr std::size_t kMostIndices = 5;
constexpr std::size_t kMostBlocks = 10'000;
constexpr std::uint64_t kMostNodes = 500'000;
constexpr std::size_t kExpressionBytes = 1024;
constexpr std::size_t kNodeBytes = 1024 * 1024;
/// For all texts of a document together that contained blocks.
constexpr std::size_t kWrittenBytes = 64 * kNodeBytes;
constexpr std::string_view kInvalidPattern =
    "invalid pattern used for interpolation. valid pattern is $[[ inputs.input ]]";

struct Block {
    std::size_t start;
    std::size_t end;
    std::string content;
};

/// The blocks of a text, except $[[ matrix.… ]], which are replaced when needs are expanded.
std::vector<Block> blocks_of(const std::string& text) {
    static const RE2 kBlock(R"((?s)(\$\[\[\s*(\S.*?\S)\s*\]\]))");
    std::vector<Block> blocks;
    re2::StringPiece rest(text);
    re2::StringPiece whole;
    std::string content;
    while (RE2::FindAndConsume(&rest, kBlock, &whole, &content)) {
        if (content.starts_with("matrix.")) continue;
        const auto start = static_cast<std::size_t>(whole.data() - text.data());
        blocks.push_back({start, start + whole.size(), content});
    }
    return blocks;
}

/// The value as Ruby prints it inside a string: lists and maps in Ruby's notation.
std::string embedded_text(const Value& value) {
    if (value.is_list() || value.is_map()) return yaml::inspect(value);
    return value.to_text();
}

/// Replaces the blocks of one document. Problems are thrown, and become results in interpolate().
class Interpolation {
  public:
    explicit Interpolation(const InterpolationContext& context) : context_(context) {}

    Value tree(const Value& value) {
        if (++nodes_ > kMostNodes) throw Problem{"config too large", value.mark()};
        switch (value.kind()) {
            case yaml::Kind::kString: return scalar(value);
            case yaml::Kind::kList: return list(value);
            case yaml::Kind::kMap: return map(value);
            case yaml::Kind::kReference:
                return Value::reference(tree(value.target()), value.mark());
            default: return value;
        }
    }

  private:
    Value scalar(const Value& value) {
        const std::string& text = value.as_string();
        if (text.size() > kNodeBytes) {
            throw Problem{"config node content too large", value.mark()};
        }
        if (text.find("$[[") == std::string::npos) return value;
        const auto blocks = blocks_of(text);
        if (blocks.empty()) return value;
        if (blocks.size() == 1 && blocks[0].start == 0 && blocks[0].end == text.size()) {
            return evaluate(blocks[0].content, value.mark());
        }
        std::string out;
        std::size_t at = 0;
        for (const Block& block : blocks) {
            out += text.substr(at, block.start - at);
            out += embedded_text(evaluate(block.content, value.mark()));
            at = block.end;
            // GitLab limits only the length before replacement, which does not limit the result.
            if (out.size() > kNodeBytes) {
                throw Problem{"config node content too large", value.mark()};
            }
        }
        out += text.substr(at);
        written_ += out.size();
        if (written_ > kWrittenBytes) throw Problem{"config too large", value.mark()};
        return Value::string(std::move(out), value.mark());
    }

    Value list(const Value& value) {
        List items;
        for (const Value& item : value.items()) {
            Value result = tree(item);
            if (result.is_list() && item.is_string()) {
                for (const Value& inner : result.items()) items.push_back(inner);
            } else {
                items.push_back(std::move(result));
            }
            if (items.size() > kMostNodes) throw Problem{"config too large", value.mark()};
        }
        return bounded(Value::list(std::move(items), value.mark()));
    }

    Value map(const Value& value) {
        Map entries;
        entries.reserve(value.entries().size());
        for (const auto& [key, item] : value.entries()) {
            Value name = key.is_string() ? scalar(key) : key;
            entries.set(std::move(name), tree(item));
        }
        return bounded(Value::map(std::move(entries), value.mark()));
    }

    static Value bounded(Value value) {
        auto checked = yaml::bounded(std::move(value));
        if (!checked) throw Problem{"config too large", checked.error().mark};
        return *checked;
    }

    Value evaluate(const std::string& content, Mark mark) {
        const auto done = done_.find(content);
        if (done != done_.end()) return done->second;
        if (done_.size() >= kMostBlocks) throw Problem{"too many interpolation blocks", mark};
        if (content.size() > kExpressionBytes) {
            throw Problem{"maximum interpolation expression size exceeded", mark};
        }
        auto parts = base::split(content, '|');
        while (parts.size() > 1 && base::trim(parts.back()).empty()) parts.pop_back();
        if (parts.size() - 1 > kMostFunctions) {
            throw Problem{"too many functions in interpolation block", mark};
        }
        Value value = access(std::string(base::trim(parts.front())), mark);
        for (std::size_t i = 1; i < parts.size(); ++i) {
            auto result = apply_function(parts[i], value, context_, i + 1 == parts.size());
            if (!result) throw Problem{result.error().text, mark};
            value = *result;
        }
        done_.emplace(content, value);
        return value;
    }

    struct Segment {
        std::string name;
        std::vector<std::int64_t> indices;
    };

    [[noreturn]] static void throw_bad_index(const std::string& path, std::string_view why,
                                             Mark mark) {
        throw Problem{fmt::format("invalid array index in `{}`: {}", path, why), mark};
    }

    /// Throws GitLab's message about brackets that are not a valid index.
    [[noreturn]] static void throw_bad_brackets(const std::string& text, const std::string& path,
                                                Mark mark) {
        static const RE2 kContent(R"(\[([^\]]*)\])");
        const auto opened = std::count(text.begin(), text.end(), '[');
        if (opened != std::count(text.begin(), text.end(), ']')) {
            throw_bad_index(path, "missing closing bracket", mark);
        }
        re2::StringPiece rest(text);
        std::string content;
        while (RE2::FindAndConsume(&rest, kContent, &content)) {
            if (content.empty() || content.find_first_not_of("0123456789") != content.npos) {
                throw_bad_index(path, fmt::format("`{}` is not a valid index", content), mark);
            }
        }
        throw Problem{fmt::format("invalid array index syntax in `{}`", path), mark};
    }

    static Segment parse_segment(const std::string& text, const std::string& path, Mark mark) {
        static const RE2 kSegment(R"((\w*)((?:\[\d{1,18}\])+))");
        static const RE2 kIndex(R"(\[(\d+)\])");
        if (text.find('[') == std::string::npos) return {text, {}};
        Segment segment;
        std::string indices;
        if (!RE2::FullMatch(text, kSegment, &segment.name, &indices)) {
            throw_bad_brackets(text, path, mark);
        }
        if (segment.name.empty()) {
            throw Problem{fmt::format("invalid indexed access without a key in `{}`", path), mark};
        }
        re2::StringPiece rest(indices);
        std::int64_t index = 0;
        while (RE2::FindAndConsume(&rest, kIndex, &index)) segment.indices.push_back(index);
        if (segment.indices.size() > kMostIndices) {
            throw Problem{fmt::format("too many array indices in `{}` (maximum depth: {})", path,
                                      kMostIndices),
                          mark};
        }
        return segment;
    }

    /// The parts of a path between dots. The fifth part is the last one and may contain dots.
    static std::vector<std::string> segments_of(const std::string& path) {
        auto parts = base::split(path, '.');
        while (parts.size() > kMostSegments) {
            const std::string last = std::move(parts.back());
            parts.pop_back();
            parts.back() += "." + last;
        }
        return parts;
    }

    Value access(const std::string& path, Mark mark) const {
        const auto parts = segments_of(path);
        if (parts.size() < 2) throw Problem{std::string(kInvalidPattern), mark};
        Map root;
        root.set(Value::string("inputs"), Value::map(context_.inputs));
        root.set(Value::string("component"), Value::map(context_.component));
        Value at = Value::map(std::move(root));
        for (const std::string& part : parts) {
            const Segment segment = parse_segment(part, path, mark);
            const Value* next = at.find(segment.name);
            if (next == nullptr) {
                throw Problem{
                    fmt::format("unknown interpolation provided: `{}` in `{}`", segment.name, path),
                    mark};
            }
            at = *next;
            for (const std::int64_t index : segment.indices) at = element(at, index, path, mark);
        }
        return at;
    }

    static Value element(const Value& list, std::int64_t index, const std::string& path,
                         Mark mark) {
        if (!list.is_list()) {
            throw Problem{
                fmt::format("cannot index into non-array value at [{}] in `{}`", index, path),
                mark};
        }
        const auto size = list.items().size();
        if (static_cast<std::size_t>(index) >= size) {
            throw Problem{
                fmt::format("array index {} out of bounds (size: {}) in `{}`", index, size, path),
                mark};
        }
        return list.items()[static_cast<std::size_t>(index)];
    }

    const InterpolationContext& context_;
    std::unordered_map<std::string, Value> done_;
    std::uint64_t nodes_ = 0;
    std::size_t written_ = 0;
};

}  // namespace

Checked<Value> interpolate(const Value& value, const InterpolationContext& context) {
    try {
        return Interpolation(context).tree(value);
    } catch (Problem& problem) {
        return std::move(problem);
    }
}

}  // namespace runner::pipeline::spec
