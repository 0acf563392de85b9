#include "executors/helper/builder_container.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <string_view>
#include <utility>

#include "base/encoding.hpp"
#include "base/json_fields.hpp"
#include "executors/helper/engine_client.hpp"

namespace executors::helper {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kEnvironment = "env.";
constexpr const char* kConfigDirectory = "/etc/buildkit";
/// Builders of buildx have one of their own, so that limits can be set for all of them.
constexpr const char* kParentGroup = "/docker/buildx";

bool take_option(const std::string& name, const std::string& value, BuilderContainer& container) {
    if (name == "image") {
        container.image = value;
    } else if (name == "network") {
        container.network = value;
    } else if (name.starts_with(kEnvironment)) {
        container.environment[name.substr(kEnvironment.size())] = value;
    } else {
        // This one only concerns the client.
        return name == "default-load";
    }
    return true;
}

bool take_options(const Json& node, BuilderContainer& container) {
    const auto options = node.find("DriverOpts");
    if (options == node.end() || !options->is_object()) return options == node.end();
    for (const auto& [name, value] : options->items()) {
        if (!value.is_string() || !take_option(name, value.get<std::string>(), container))
            return false;
    }
    return true;
}

bool take_files(const Json& node, BuilderContainer& container) {
    const auto files = node.find("Files");
    if (files == node.end() || files->is_null()) return true;
    if (!files->is_object()) return false;
    for (const auto& [name, content] : files->items()) {
        auto bytes = content.is_string() ? base::base64_decode(content.get<std::string>())
                                         : std::optional<std::string>();
        if (!bytes) return false;
        container.files[name] = std::move(*bytes);
    }
    return true;
}

bool take_flags(const Json& node, BuilderContainer& container) {
    const auto flags = node.find("Flags");
    if (flags == node.end() || flags->is_null()) return true;
    if (!flags->is_array()) return false;
    for (const auto& flag : *flags) {
        if (!flag.is_string()) return false;
        container.flags.push_back(flag.get<std::string>());
    }
    return true;
}

struct ArchiveFree {
    void operator()(archive* writer) const { ::archive_write_free(writer); }
    void operator()(archive_entry* entry) const { ::archive_entry_free(entry); }
};

la_ssize_t append(archive*, void* text, const void* bytes, std::size_t size) {
    static_cast<std::string*>(text)->append(static_cast<const char*>(bytes), size);
    return static_cast<la_ssize_t>(size);
}

/// A tar archive for the root of the container.
std::string archive_of(const std::map<std::string, std::string>& files) {
    std::string text;
    const std::unique_ptr<archive, ArchiveFree> writer(::archive_write_new());
    ::archive_write_set_format_pax_restricted(writer.get());
    bool written =
        ::archive_write_open(writer.get(), &text, nullptr, append, nullptr) == ARCHIVE_OK;
    for (const auto& [name, content] : files) {
        const std::unique_ptr<archive_entry, ArchiveFree> entry(::archive_entry_new());
        const std::string path = std::string(kConfigDirectory).substr(1) + "/" + name;
        ::archive_entry_set_pathname(entry.get(), path.c_str());
        ::archive_entry_set_filetype(entry.get(), AE_IFREG);
        ::archive_entry_set_perm(entry.get(), 0644);
        ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
        written = written && ::archive_write_header(writer.get(), entry.get()) == ARCHIVE_OK &&
                  ::archive_write_data(writer.get(), content.data(), content.size()) >= 0;
    }
    if (!written || ::archive_write_close(writer.get()) != ARCHIVE_OK)
        throw Failure("the builder's files cannot be archived");
    return text;
}

/// Of the engine that the builder runs on.
struct EngineFacts {
    bool cgroupfs = false;
    bool user_namespace = false;
};

EngineFacts ask_facts(const std::string& socket) {
    const auto info = base::parse_foreign_json(ask_engine(socket, "GET", "/info").body);
    EngineFacts facts;
    facts.cgroupfs = base::text_at(info, "CgroupDriver") == "cgroupfs";
    if (!info.is_object() || !info.contains("SecurityOptions")) return facts;
    for (const auto& option : info["SecurityOptions"]) {
        if (option.is_string() && option.get<std::string>().starts_with("name=userns"))
            facts.user_namespace = true;
    }
    return facts;
}

std::string container_body(const std::string& name, const BuilderContainer& container,
                           const EngineFacts& facts) {
    Json command = Json::array();
    if (container.files.contains(kBuilderConfig)) {
        command.push_back("--config");
        command.push_back(std::string(kConfigDirectory) + "/" + kBuilderConfig);
    }
    for (const auto& flag : container.flags) command.push_back(flag);
    Json environment = Json::array();
    for (const auto& [variable, value] : container.environment)
        environment.push_back(variable + "=" + value);
    Json host = {
        {"Privileged", true}, {"Init", true}, {"RestartPolicy", {{"Name", "unless-stopped"}}}};
    if (container.keeps_state) {
        const Json state = {
            {"Type", "volume"}, {"Source", name + "_state"}, {"Target", "/var/lib/buildkit"}};
        host["Mounts"] = Json::array({state});
    }
    if (!container.network.empty()) host["NetworkMode"] = container.network;
    if (facts.cgroupfs) host["CgroupParent"] = kParentGroup;
    if (facts.user_namespace) host["UsernsMode"] = "host";
    const Json body = {{"Image", container.image},
                       {"Env", std::move(environment)},
                       {"Cmd", std::move(command)},
                       {"HostConfig", std::move(host)}};
    return base::dump_json(body);
}

void expect(const EngineReply& reply, int status, const char* doing) {
    if (reply.status == status) return;
    const auto message = base::text_at(base::parse_foreign_json(reply.body), "message");
    throw Failure(std::string(doing) + ": " + message);
}

}  // namespace

std::optional<BuilderContainer> container_of(const Json& instance) {
    if (base::text_at(instance, "Driver") != "docker-container") return std::nullopt;
    const auto nodes = instance.find("Nodes");
    if (nodes == instance.end() || !nodes->is_array() || nodes->size() != 1) return std::nullopt;
    const Json& node = nodes->front();
    if (base::text_at(node, "Endpoint") != kOwnEngine) return std::nullopt;
    BuilderContainer container;
    if (!take_options(node, container) || !take_files(node, container) ||
        !take_flags(node, container)) {
        return std::nullopt;
    }
    return container;
}

std::string builder_container_name(const std::string& builder) {
    // buildx 0.6 and later: one container for each node of a builder.
    return "buildx_buildkit_" + builder + "0";
}

std::string start_builder_container(const std::string& socket, const std::string& name,
                                    const BuilderContainer& container) {
    const auto body = container_body(name, container, ask_facts(socket));
    const auto made =
        ask_engine(socket, "POST", "/containers/create?name=" + base::percent_encode(name), body);
    expect(made, 201, "make the builder's container");
    std::string id = base::text_at(base::parse_foreign_json(made.body), "Id");
    const std::string path = "/containers/" + id;
    try {
        if (!container.files.empty()) {
            const auto put = ask_engine(socket, "PUT", path + "/archive?path=/",
                                        archive_of(container.files), "application/x-tar");
            expect(put, 200, "write the builder's files");
        }
        expect(ask_engine(socket, "POST", path + "/start"), 204, "start the builder");
    } catch (const Failure&) {
        ask_engine(socket, "DELETE", path + "?force=1");
        throw;
    }
    return id;
}

void remove_builder_container(const std::string& socket, const std::string& builder) {
    try {
        ask_engine(socket, "DELETE", "/containers/" + builder_container_name(builder) + "?force=1");
    } catch (const Failure&) {
        return;
    }
}

}  // namespace executors::helper
