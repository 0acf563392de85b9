#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "runner/pipeline/include/source.hpp"

namespace tests {

/// Included files from memory. Includes of every kind find a file by its name; for a URL, that is
/// the part after the last slash.
class MemorySource final : public runner::pipeline::include::Source {
  public:
    using Fetched = runner::pipeline::include::Fetched;
    using Origin = runner::pipeline::include::Origin;
    using Files = std::map<std::string, std::string>;  ///< content by name

    explicit MemorySource(Files files) : files_(std::move(files)) {}

    Fetched local(const Origin&, const std::string& path) override { return get(path, {}); }
    std::vector<std::string> list(const Origin&, const std::string&) override {
        std::vector<std::string> names;
        for (const auto& [name, content] : files_) names.push_back(name);
        return names;
    }
    Fetched project(const std::string& project, const std::string& ref,
                    const std::string& file) override {
        return get(file, {project, ref, false});
    }
    Fetched remote(const std::string& url) override {
        return get(url.substr(url.rfind('/') + 1), {{}, {}, true});
    }
    Fetched bundled_template(const std::string& name) override { return get(name, {}); }
    Fetched component(const std::string& address) override { return get(address, {}); }

  private:
    [[nodiscard]] Fetched get(const std::string& name, Origin origin) const {
        Fetched fetched;
        fetched.origin = std::move(origin);
        const auto found = files_.find(name);
        if (found != files_.end()) fetched.content = found->second;
        return fetched;
    }

    Files files_;
};

}  // namespace tests
