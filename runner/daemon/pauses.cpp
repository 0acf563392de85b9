#include "runner/daemon/pauses.hpp"

#include "base/files.hpp"
#include "base/json.hpp"

namespace runner::daemon {

using nlohmann::json;

PauseSet without(PauseSet set, const std::string& name,
                 const std::vector<std::string>& configured) {
    if (set.all) set.names.insert(configured.begin(), configured.end());
    set.all = false;
    set.draining = false;
    set.names.erase(name);
    return set;
}

base::Result<void> Pauses::read() {
    auto text = base::read_file(path_);
    const bool missing = !text && text.error().is(base::ErrorKind::kNotFound);
    set_ = {};
    set_.all = !missing;
    if (missing) return {};
    if (!text) return text.error();
    try {
        const json saved = json::parse(*text);
        PauseSet set;
        set.all = saved.at("all").get<bool>();
        set.draining = saved.at("draining").get<bool>();
        set.names = saved.at("runners").get<std::set<std::string>>();
        set_ = std::move(set);
        return {};
    } catch (const json::exception& failure) {
        return base::make_error(base::ErrorKind::kInvalidInput,
                                path_.string() + " is damaged: " + failure.what());
    }
}

base::Result<void> Pauses::change_to(PauseSet set) {
    if (set == set_) return {};
    const json saved{{"all", set.all}, {"draining", set.draining}, {"runners", set.names}};
    auto written = base::write_file_atomic(path_, base::dump_json(saved) + "\n", 0600, true);
    if (!written) return written.error();
    set_ = std::move(set);
    return {};
}

}  // namespace runner::daemon
