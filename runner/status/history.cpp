#include "runner/status/history.hpp"

#include <fcntl.h>
#include <sqlite3.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/files.hpp"
#include "base/log.hpp"
#include "runner/status/history_row.hpp"

namespace runner::status {

namespace {

/// The number in the file that tells what its tables are.
constexpr int kFormat = 1;

constexpr const char* kSetUp =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -128;"
    "CREATE TABLE IF NOT EXISTS jobs (number INTEGER PRIMARY KEY AUTOINCREMENT,"
    " id INTEGER NOT NULL, data TEXT NOT NULL);"
    "CREATE INDEX IF NOT EXISTS jobs_by_id ON jobs (id, number);"
    "PRAGMA user_version = 1;";

/// Why the file cannot be used.
struct Failure {
    std::string text;
    bool damaged = false;  ///< another file could be used
};

struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

}  // namespace

/// Throws Failure.
class History::Database {
  public:
    explicit Database(const std::filesystem::path& file) {
        std::error_code unknown;
        const auto kind = std::filesystem::status(file, unknown).type();
        if (kind == std::filesystem::file_type::directory) throw Failure{"it is a directory", true};
        // SQLite gives the files beside it the same mode.
        const base::UniqueFd made(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        sqlite3* opened = nullptr;
        const int code = sqlite3_open_v2(file.c_str(), &opened,
                                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
        database_.reset(opened);
        check(code);
        if (number("PRAGMA user_version") > kFormat) {
            throw Failure{"it is of a newer version of this program", true};
        }
        // From here on, SQLITE_ERROR is about the tables: they are those of another program.
        foreign_is_damaged_ = true;
        check(sqlite3_exec(opened, kSetUp, nullptr, nullptr, nullptr));
        insert_ = prepare("INSERT INTO jobs (id, data) VALUES (?, ?)");
        prune_ = prepare("DELETE FROM jobs WHERE number <= (SELECT max(number) FROM jobs) - ?");
        newest_ = prepare("SELECT data FROM jobs ORDER BY number DESC LIMIT ?");
        find_ = prepare("SELECT data FROM jobs WHERE id = ? ORDER BY number DESC LIMIT 20");
        foreign_is_damaged_ = false;
    }

    void add(const RecentJob& job, std::size_t keep) {
        const std::string data = to_row(job);
        check(sqlite3_bind_int64(insert_.get(), 1, job.job.id));
        check(sqlite3_bind_text(insert_.get(), 2, data.data(), static_cast<int>(data.size()),
                                SQLITE_TRANSIENT));
        run(insert_.get());
        check(sqlite3_bind_int64(prune_.get(), 1, static_cast<sqlite3_int64>(keep)));
        run(prune_.get());
    }

    std::vector<RecentJob> newest(std::size_t most) {
        return read(newest_.get(), static_cast<sqlite3_int64>(most));
    }
    std::vector<RecentJob> find(std::int64_t job) { return read(find_.get(), job); }

  private:
    using Statement = std::unique_ptr<sqlite3_stmt, Close>;

    void check(int code) const {
        if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
        const int kind = code & 0xff;
        throw Failure{database_ ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(code),
                      kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB ||
                          (kind == SQLITE_ERROR && foreign_is_damaged_)};
    }
    Statement prepare(const char* text) {
        sqlite3_stmt* made = nullptr;
        check(sqlite3_prepare_v3(database_.get(), text, -1, SQLITE_PREPARE_PERSISTENT, &made,
                                 nullptr));
        return Statement(made);
    }
    int number(const char* text) {
        const Statement statement = prepare(text);
        check(sqlite3_step(statement.get()));
        return sqlite3_column_int(statement.get(), 0);
    }
    void run(sqlite3_stmt* statement) {
        const int code = sqlite3_step(statement);
        sqlite3_reset(statement);
        check(code);
    }
    std::vector<RecentJob> read(sqlite3_stmt* statement, sqlite3_int64 parameter) {
        check(sqlite3_bind_int64(statement, 1, parameter));
        std::vector<RecentJob> rows;
        int code = SQLITE_ROW;
        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
            const void* data = sqlite3_column_blob(statement, 0);
            const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, 0));
            if (auto row = from_row({static_cast<const char*>(data), size})) {
                rows.push_back(std::move(*row));
            }
        }
        sqlite3_reset(statement);
        check(code);
        return rows;
    }

    std::unique_ptr<sqlite3, Close> database_;
    Statement insert_;
    Statement prune_;
    Statement newest_;
    Statement find_;
    bool foreign_is_damaged_ = false;
};

History::History(std::filesystem::path file, std::size_t most)
    : file_(std::move(file)), most_(most) {}
History::~History() = default;

void History::set_aside(const std::string& why) {
    database_.reset();
    const std::string broken = file_.string() + ".broken";
    std::error_code failed;
    std::filesystem::rename(file_, broken, failed);
    for (const char* ending : {"-wal", "-shm"}) {
        std::error_code ignored;  // they are there only when the last daemon died
        std::filesystem::rename(file_.string() + ending, broken + ending, ignored);
    }
    base::log::warning(
        "The history of jobs cannot be read and is begun anew",
        {{"file", file_.string()}, {"error", why}, {"kept_as", failed ? "" : broken}});
}

/// Calls `use` with the open database; once more with a new one when the file is damaged.
template <typename Use>
void History::use(Use use) {
    if (most_ == 0) return;
    for (const bool again : {true, false}) {
        try {
            if (!database_) database_ = std::make_unique<Database>(file_);
            use(*database_);
            failed_ = false;
            return;
        } catch (const Failure& failure) {
            if (failure.damaged && again) {
                set_aside(failure.text);
                continue;
            }
            if (!std::exchange(failed_, true)) {
                base::log::warning("The history of jobs cannot be used",
                                   {{"file", file_.string()}, {"error", failure.text}});
            }
            database_.reset();
            return;
        }
    }
}

void History::add(const RecentJob& job) {
    use([&](Database& database) { database.add(job, most_); });
}

std::vector<RecentJob> History::recent(std::size_t most) {
    std::vector<RecentJob> rows;
    use([&](Database& database) { rows = database.newest(std::min(most, most_)); });
    return rows;
}

std::vector<RecentJob> History::find(std::int64_t job) {
    std::vector<RecentJob> rows;
    use([&](Database& database) { rows = database.find(job); });
    return rows;
}

}  // namespace runner::status
