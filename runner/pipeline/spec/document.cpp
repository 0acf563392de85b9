#include "runner/pipeline/spec/document.hpp"

#include <algorithm>
#include <optional>

#include "base/strings.hpp"
#include "runner/pipeline/inputs/resolve.hpp"
#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"
#include "runner/pipeline/spec/interpolate.hpp"
#include "runner/pipeline/yaml/documents.hpp"
#include "runner/pipeline/yaml/load.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::spec {

using yaml::Map;
using yaml::Value;

namespace {

constexpr std::size_t kMostErrors = 3;  // GitLab prints only the first three
constexpr std::size_t kDescriptionLimit = 256;

void check_component(const Value& fields, const keywords::KeyPath& key_path,
                     keywords::Report& report) {
    if (!fields.is_list()) report.add(key_path, "config should be an array", fields.mark());
    if (!keywords::is_text_list(fields)) {
        return report.add(key_path, "config should be an array of strings", fields.mark());
    }
    std::vector<std::string> unknown;
    for (const Value& field : fields.items()) {
        const std::string& name = field.as_string();
        if (!keywords::one_of(name, {"name", "sha", "version", "reference"})) {
            unknown.push_back(name);
        }
    }
    if (unknown.empty()) return;
    report.add(key_path, "config contains unknown values: " + base::join(unknown, ", "),
               fields.mark());
}

void check_header_include(const Value& include, const keywords::KeyPath& header,
                          keywords::Report& report) {
    const keywords::KeyPath key_path{&header, "include"};
    if (include.is_string()) return;
    if (!include.is_list()) {
        return report.add(key_path, "config should be an array or a string", include.mark());
    }
    const keywords::KeyPath inner{&key_path, "include"};
    for (const Value& item : include.items()) {
        if (item.is_string() || item.is_null()) continue;
        if (!item.is_map()) {
            report.add(inner, "config should be a hash or a string", item.mark());
            continue;
        }
        const Value* file = item.find("file");
        if (item.given("project") != nullptr && (file == nullptr || file->is_blank())) {
            report.add(inner, "config must specify the file where to fetch the config from",
                       item.mark());
        }
        keywords::check_keys(item,
                             {"local", "file", "remote", "project", "ref", "integrity", "cache"},
                             inner, report);
    }
}

void check_inputs(const Value& definitions, const keywords::KeyPath& key_path,
                  keywords::Report& report) {
    if (!definitions.is_map()) {
        return report.add(key_path, "config should be a hash", definitions.mark());
    }
    for (const auto& [key, definition] : definitions.entries()) {
        const std::string name = keywords::path_name(key);
        const keywords::KeyPath own{&key_path, name};
        keywords::check_input_definition(definition, keywords::InputPlace::kHeader, own, report);
        // GitLab has two validators that report this.
        if (!definition.is_null() && !definition.is_map()) {
            report.add(own, "config should be a hash", definition.mark());
        }
    }
}

void check_header(const Value& header, keywords::Report& report) {
    const keywords::KeyPath key_path{nullptr, "header:spec"};
    if (header.is_null()) return;
    if (!header.is_map()) return report.add(key_path, "config should be a hash", header.mark());
    const std::size_t before = report.count();
    keywords::check_keys(header, {"inputs", "include", "component", "description"}, key_path,
                         report);
    const Value* description = header.given("description");
    if (description != nullptr && !description->is_string()) {
        report.add(key_path, "config description should be a string", description->mark());
    } else if (description != nullptr && description->as_string().size() > kDescriptionLimit) {
        report.add(key_path, "config description is too long (maximum is 256 characters)",
                   description->mark());
    }
    if (const Value* component = header.given("component")) {
        const keywords::KeyPath inner{&key_path, "component"};
        check_component(*component, inner, report);
    }
    if (const Value* include = header.given("include"))
        check_header_include(*include, key_path, report);
    if (!report.clean_since(before)) return;
    if (const Value* definitions = header.given("inputs")) {
        check_inputs(*definitions, keywords::KeyPath{&key_path, "inputs"}, report);
    }
}

std::vector<inputs::InputSpec> input_specs(const Value& definitions) {
    std::vector<inputs::InputSpec> specs;
    if (!definitions.is_map()) return specs;
    for (const auto& [key, definition] : definitions.entries()) {
        specs.push_back(inputs::input_spec(key.to_text(), definition));
    }
    return specs;
}

/// The input definitions of the included files, then those of the header itself. A name may be
/// defined only once.
Checked<Value> input_definitions(const Value& header, const IncludedInputs& included_inputs) {
    const Value* own = header.given("inputs");
    const Value* include = header.given("include");
    if (include == nullptr || !included_inputs) return own == nullptr ? Value{} : *own;
    auto included = included_inputs(*include);
    if (!included) return included;
    Map all = included->is_map() ? included->entries() : Map{};
    if (own != nullptr) {
        if (auto problem = inputs::add_definitions(*own, all)) return *problem;
    }
    return Value::map(std::move(all), header.mark());
}

std::string first_errors(const std::vector<std::string>& errors) {
    const auto end =
        errors.begin() + static_cast<std::ptrdiff_t>(std::min(errors.size(), kMostErrors));
    return base::join(std::vector<std::string>(errors.begin(), end), ", ");
}

/// The fields of the component that the header asks for.
Map requested_fields(const Value& header, const Map& component) {
    Map shown;
    const Value* fields = header.given("component");
    if (fields == nullptr) return shown;
    for (const Value& field : fields->items()) {
        // A file that is not a component has none of these fields.
        if (const Value* value = component.find(field.as_string())) shown.set(field, *value);
    }
    return shown;
}

}  // namespace

namespace {

/// The documents of a file without those that are blank: comments only, `{}`, `false`. All of them
/// are read before the first one that is too big or no map is reported.
Checked<std::vector<Value>> read_parts(std::string_view text, std::uint16_t file) {
    std::vector<yaml::Parsed> read;
    for (const auto& part : yaml::split_documents(text)) {
        auto parsed = yaml::read(part.text, file, part.first_line);
        if (!parsed) return parsed.error();
        if (parsed->too_big || !parsed->value.is_blank()) read.push_back(std::move(*parsed));
    }
    std::vector<Value> parts;
    for (yaml::Parsed& parsed : read) {
        if (parsed.too_big) return *parsed.too_big;
        if (!parsed.value.is_map()) {
            return Problem{"Invalid configuration format", parsed.value.mark()};
        }
        parts.push_back(std::move(parsed.value));
    }
    if (parts.empty()) parts.push_back(Value::map({}));
    return parts;
}

}  // namespace

Checked<Document> read_document(std::string_view text, std::uint16_t file) {
    const auto parts = read_parts(text, file);
    if (!parts) return parts.error();
    const Value& first = parts->front();
    Document document;
    document.has_header = parts->size() > 1 && first.find("spec") != nullptr;
    document.content = document.has_header ? parts->back() : first;
    if (!document.has_header) return document;
    document.header = *first.find("spec");
    for (const auto& [key, value] : first.entries()) {
        if (key.is_text("spec")) continue;
        return Problem{"header config contains unknown keys: " + yaml::key_text(key), key.mark()};
    }
    return document;
}

Checked<Value> interpolate_document(const Document& document, const Arguments& arguments,
                                    const IncludedInputs& included_inputs) {
    const bool given = arguments.inputs.is_map() && !arguments.inputs.entries().empty();
    if (!arguments.inputs.is_null() && !arguments.inputs.is_map()) {
        return Problem{"Given inputs must be a hash", arguments.inputs.mark()};
    }
    if (!document.has_header) {
        if (!given) return document.content;
        return Problem{
            "Given inputs not defined in the `spec` section of the included configuration file",
            arguments.inputs.mark()};
    }
    keywords::Report report;
    check_header(document.header, report);
    if (!report.problems().empty()) {
        Problem first = report.problems().front();
        std::vector<std::string> texts;
        for (const Problem& problem : report.problems()) texts.push_back(problem.text);
        first.text = first_errors(texts);
        return first;
    }
    auto definitions = input_definitions(document.header, included_inputs);
    if (!definitions) return definitions;
    auto resolved = inputs::resolve_inputs(input_specs(*definitions), arguments.inputs);
    if (!resolved.errors.empty()) {
        return Problem{first_errors(resolved.errors), document.header.mark()};
    }
    InterpolationContext context{std::move(resolved.values),
                                 requested_fields(document.header, arguments.component),
                                 arguments.variables};
    return interpolate(document.content, context);
}

}  // namespace runner::pipeline::spec
