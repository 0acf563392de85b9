#include "executors/custom/driver_answer.hpp"

#include <optional>
#include <string_view>

#include "base/json.hpp"
#include "base/strings.hpp"

namespace executors::custom {

using nlohmann::json;

namespace {

/// Takes values of one object, and keeps the first problem.
class Reader {
  public:
    Reader(const json& object, std::string prefix) : object_(object), prefix_(std::move(prefix)) {}

    std::optional<std::string> text(const char* key) {
        const json* value = find(key);
        if (value == nullptr) return std::nullopt;
        if (value->is_string()) return value->get<std::string>();
        fail(key, "a string");
        return std::nullopt;
    }
    std::optional<bool> boolean(const char* key) {
        const json* value = find(key);
        if (value == nullptr) return std::nullopt;
        if (value->is_boolean()) return value->get<bool>();
        fail(key, "true or false");
        return std::nullopt;
    }
    const json* object(const char* key) {
        const json* value = find(key);
        if (value == nullptr || value->is_object()) return value;
        fail(key, "an object");
        return nullptr;
    }
    [[nodiscard]] const std::string& problem() const { return problem_; }
    void take_problem(const Reader& other) {
        if (problem_.empty()) problem_ = other.problem_;
    }

  private:
    const json* find(const char* key) const {
        const auto found = object_.find(key);
        return found == object_.end() || found->is_null() ? nullptr : &*found;
    }
    void fail(const char* key, std::string_view expected) {
        if (problem_.empty()) problem_ = prefix_ + key + " is not " + std::string(expected);
    }

    const json& object_;
    std::string prefix_;
    std::string problem_;
};

void read_driver(Reader& top, DriverAnswer& answer) {
    const json* driver = top.object("driver");
    if (driver == nullptr) return;
    Reader reader(*driver, "driver.");
    answer.driver_name = reader.text("name").value_or("");
    answer.driver_version = reader.text("version").value_or("");
    top.take_problem(reader);
}

void read_job_env(Reader& top, DriverAnswer& answer) {
    const json* variables = top.object("job_env");
    if (variables == nullptr) return;
    Reader reader(*variables, "job_env.");
    for (const auto& item : variables->items()) {
        if (auto value = reader.text(item.key().c_str())) answer.job_env[item.key()] = *value;
    }
    top.take_problem(reader);
}

}  // namespace

base::Result<DriverAnswer> parse_driver_answer(const std::string& text) {
    DriverAnswer answer;
    if (base::trim(text).empty()) return answer;
    const json parsed = base::parse_foreign_json(text);
    constexpr std::string_view kProblem = "error while parsing JSON output of config_exec: ";
    if (!parsed.is_object()) {
        return base::make_error(
            base::ErrorKind::kIo,
            std::string(kProblem) + (parsed.is_discarded() ? "it is no JSON: its standard output "
                                                             "may hold the answer only, other "
                                                             "output goes to standard error"
                                                           : "it is not an object"));
    }
    Reader reader(parsed, "");
    answer.builds_dir = reader.text("builds_dir");
    answer.cache_dir = reader.text("cache_dir");
    answer.builds_dir_is_shared = reader.boolean("builds_dir_is_shared");
    answer.hostname = reader.text("hostname");
    answer.shell = reader.text("shell");
    read_driver(reader, answer);
    read_job_env(reader, answer);
    if (reader.problem().empty()) return answer;
    return base::make_error(base::ErrorKind::kIo, std::string(kProblem) + reader.problem());
}

}  // namespace executors::custom
