import Foundation
import GRDB

extension Project {
    /// A job that a crash interrupted so often is given up.
    static let mostAttempts = 3

    /// - Parameter parameters: JSON object.
    package func enqueue(type: String, parameters: String = "{}", by: String = "local") async throws(StoreError) -> JobRecord {
        try await write { database in
            let now = Date().milliseconds
            do {
                try database.cachedStatement(sql: "INSERT INTO job (type, parameters, state, by, created_at) VALUES (?, ?, 'queued', ?, ?)")
                    .execute(arguments: [type, parameters, by, now])
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                try Self.requireJSON(parameters, "the parameters of the job")
                throw error
            }
            return JobRecord(
                id: database.lastInsertedRowID, type: type, parameters: parameters, state: .queued, done: 0, total: 0, message: "", attempt: 0,
                cancelRequested: false, createdAt: Date(milliseconds: now), startedAt: nil, finishedAt: nil, error: nil, result: nil,
                checkpoint: nil, by: by)
        }
    }

    /// Marks the oldest queued job as running and returns it; nil when none waits. Not waited for the disk: a power cut leaves it queued.
    package func claimNextJob() async throws(StoreError) -> JobRecord? {
        try requireWritable()
        return try await connection.writeRelaxed { database in
            // One statement, so that a job is never taken twice.
            try Self.jobRecord(
                Row.fetchCursor(
                    database.cachedStatement(
                    sql: """
                        UPDATE job SET state = 'running', started_at = coalesce(started_at, ?1), attempt = attempt + 1, lease = ?2
                        WHERE id = (SELECT id FROM job WHERE state = 'queued' AND paused = 0 ORDER BY id LIMIT 1) RETURNING \(jobColumns)
                        """), arguments: [Date().milliseconds, "\(getpid())"]))
        }
    }

    /// Not waited for the disk: after a power cut the last reports may be missing, which costs nothing.
    package func setJobProgress(_ id: Int64, done: Int, total: Int, message: String) async throws(StoreError) -> JobRecord? {
        try requireWritable()
        return try await connection.writeRelaxed { database in
            try database.cachedStatement(sql: "UPDATE job SET done = ?, total = ?, message = ? WHERE id = ? AND state = 'running'")
                .execute(arguments: [done, total, message, id])
            return try Self.job(database, id)
        }
    }

    package func setJobCheckpoint(_ id: Int64, _ checkpoint: String) async throws(StoreError) {
        try await write { try $0.execute(sql: "UPDATE job SET checkpoint = ? WHERE id = ?", arguments: [checkpoint, id]) }
    }

    package func appendJobLog(_ id: Int64, _ line: String) async throws(StoreError) {
        try requireWritable()
        try await connection.writeRelaxed { database in
            try database.cachedStatement(sql: "INSERT INTO job_log (job_id, at, line) VALUES (?, ?, ?)")
                .execute(arguments: [id, Date().milliseconds, line])
        }
    }

    package func jobLog(_ id: Int64, limit: Int = 1000) async throws(StoreError) -> [JobLogLine] {
        try await read { database in
            try Row.fetchAll(
                database, sql: "SELECT at, line FROM (SELECT id, at, line FROM job_log WHERE job_id = ? ORDER BY id DESC LIMIT ?) ORDER BY id",
                arguments: [id, limit]
            ).map { JobLogLine(at: Date(milliseconds: $0[0]), line: $0[1]) }
        }
    }

    /// - Parameter result: JSON.
    package func finishJob(_ id: Int64, result: String) async throws(StoreError) -> JobRecord? {
        try await end(id, state: .done, error: nil, result: result)
    }

    package func failJob(_ id: Int64, reason: String) async throws(StoreError) -> JobRecord? {
        try await end(id, state: .failed, error: reason, result: nil)
    }

    package func markJobCancelled(_ id: Int64) async throws(StoreError) -> JobRecord? {
        try await end(id, state: .cancelled, error: nil, result: nil)
    }

    /// Puts a running job back, to go on at the next start; the interruption does not count as an attempt. One that was asked to stop has stopped.
    package func requeueJob(_ id: Int64) async throws(StoreError) -> JobRecord? {
        try await write { database in
            try database.execute(
                sql: """
                    UPDATE job SET state = CASE cancel_requested WHEN 1 THEN 'cancelled' ELSE 'queued' END, attempt = max(0, attempt - 1), lease = NULL,
                        finished_at = CASE cancel_requested WHEN 1 THEN ?2 END
                    WHERE id = ?1 AND state = 'running'
                    """, arguments: [id, Date().milliseconds])
            return try Self.job(database, id)
        }
    }

    /// A queued job is cancelled at once; a running one is asked to stop. nil for an unknown id.
    package func requestCancel(_ id: Int64) async throws(StoreError) -> JobRecord? {
        try await write { database in
            try database.execute(
                sql: """
                    UPDATE job SET cancel_requested = 1, finished_at = CASE state WHEN 'queued' THEN ?2 ELSE finished_at END,
                        state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END
                    WHERE id = ?1 AND state IN ('queued', 'running')
                    """, arguments: [id, Date().milliseconds])
            return try Self.job(database, id)
        }
    }

    /// Holds a job that waits or runs, or lets it go on. nil for an unknown id; a finished job stays as it is.
    package func setJobPaused(_ id: Int64, _ paused: Bool) async throws(StoreError) -> JobRecord? {
        try await write { database in
            try database.execute(sql: "UPDATE job SET paused = ? WHERE id = ? AND state IN ('queued', 'running')", arguments: [paused, id])
            return try Self.job(database, id)
        }
    }

    package func job(_ id: Int64) async throws(StoreError) -> JobRecord? { try await read { try Self.job($0, id) } }

    /// Newest first.
    package func jobs(cursor: String? = nil, limit: Int = 100) async throws(StoreError) -> Page<JobRecord> {
        let before = try Self.idCursor(cursor) ?? .max
        return try await read { database in
            let rows = try Row.fetchAll(
                database, sql: "SELECT \(jobColumns) FROM job WHERE id < ? ORDER BY id DESC LIMIT ?", arguments: [before, max(1, limit) + 1])
            let items = rows.prefix(max(1, limit)).map(Self.jobRecord)
            return Page(items: Array(items), next: rows.count > items.count ? items.last.map { String($0.id) } : nil, total: nil)
        }
    }

    // MARK: -

    /// Called at opening: nobody else has the project open, so what is marked as running was interrupted.
    static func requeueInterruptedJobs(_ database: Database) throws {
        try database.execute(
            sql: """
                UPDATE job SET state = 'failed', finished_at = :now, lease = NULL,
                    error = 'the program ended ' || attempt || ' times while it ran; the last step is in the log'
                WHERE state = 'running' AND attempt >= :most
                """, arguments: ["now": Date().milliseconds, "most": mostAttempts])
        try database.execute(
            sql: "UPDATE job SET state = 'cancelled', finished_at = ?, lease = NULL WHERE state = 'running' AND cancel_requested = 1",
            arguments: [Date().milliseconds])
        try database.execute(sql: "UPDATE job SET state = 'queued', lease = NULL WHERE state = 'running'")
    }

    private func end(_ id: Int64, state: JobState, error: String?, result: String?) async throws(StoreError) -> JobRecord? {
        try await write { database in
            do {
                let record = try Self.jobRecord(
                    Row.fetchCursor(database.cachedStatement(
                        sql: """
                            UPDATE job SET state = ?, error = ?, result = ?, finished_at = ?, lease = NULL, paused = 0 WHERE id = ? AND state = 'running'
                            RETURNING \(jobColumns)
                            """), arguments: [state.rawValue, error, result, Date().milliseconds, id]))
                return try record ?? Self.job(database, id)
            } catch let failure as DatabaseError where failure.resultCode == .SQLITE_CONSTRAINT {
                try Self.requireJSON(result, "the result of the job")
                throw failure
            }
        }
    }

    private static func job(_ database: Database, _ id: Int64) throws -> JobRecord? {
        try jobRecord(Row.fetchCursor(database.cachedStatement(sql: "SELECT \(jobColumns) FROM job WHERE id = ?"), arguments: [id]))
    }

    /// The first row, read where SQLite has it, and the statement to its end.
    private static func jobRecord(_ rows: RowCursor) throws -> JobRecord? {
        let record = try rows.next().map(jobRecord)
        while try rows.next() != nil {}
        return record
    }

    private static func jobRecord(_ row: Row) -> JobRecord {
        let (started, finished): (Int64?, Int64?) = (row[10], row[11])
        let (state, isPaused): (JobState, Bool) = (JobState(rawValue: row[3]) ?? .failed, row[16])
        var record = JobRecord(
            id: row[0], type: row[1], parameters: row[2], state: state == .queued && isPaused ? .paused : state, done: row[4], total: row[5],
            message: row[6], attempt: row[7], cancelRequested: row[8], createdAt: Date(milliseconds: row[9]),
            startedAt: started.map(Date.init(milliseconds:)), finishedAt: finished.map(Date.init(milliseconds:)), error: row[12],
            result: row[13], checkpoint: row[14], by: row[15])
        record.pauseRequested = state == .running && isPaused
        return record
    }
}

private let jobColumns = """
    id, type, parameters, state, done, total, message, attempt, cancel_requested, created_at, started_at, finished_at, error, result, checkpoint, by, paused
    """
