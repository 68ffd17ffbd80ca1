import Foundation
import Jobs
import Pipeline
import Store

enum JobJSON {
    static let schema = Schema.object([
        "id": .integer, "type": .string, "parameters": .any, "state": .choice(JobState.allCases.map(\.rawValue)), "done": .integer, "total": .integer,
        "message": .string, "attempt": .integer, "pausing": .boolean, "createdAt": .date, "startedAt?": .date, "finishedAt?": .date, "etaSeconds?": .number, "error?": .string,
        "result?": .any,
        "nodes?": .array(.ref("NodeTally")).described("Of a run at work: what each node has done so far. Of a finished one it stands in result."),
        "log?": .array(.string),
    ])

    /// - Parameter log: nil leaves it out, as in lists.
    static func value(_ job: JobRecord, secondsLeft: Double?, nodes: [NodeTally] = [], log: [JobLogLine]?) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .integer(job.id), "type": .string(job.type), "parameters": parsed(job.parameters), "state": .string(job.state.rawValue),
            "done": .integer(job.done), "total": .integer(job.total), "message": .string(job.message), "attempt": .integer(job.attempt),
            "pausing": .boolean(job.pauseRequested), "createdAt": .date(job.createdAt),
        ]
        if let date = job.startedAt { members["startedAt"] = .date(date) }
        if let date = job.finishedAt { members["finishedAt"] = .date(date) }
        if let secondsLeft, secondsLeft.isFinite { members["etaSeconds"] = .number(secondsLeft) }
        if !nodes.isEmpty { members["nodes"] = .array(nodes.map(value)) }
        if let error = job.error { members["error"] = .string(error) }
        if let result = job.result { members["result"] = outcome(parsed(result)) }
        if let log {
            members["log"] = .array(log.map { .string("\($0.at.formatted(.iso8601)) \($0.line)") })
        }
        return .object(members)
    }

    static let tally = Schema.object([
        "name": .string, "done": .integer.described("Images."), "seconds": .number.described("Of all threads together."),
        "pixels?": .integer.described("True pixels of masks."), "framePixels?": .integer, "objects?": .integer, "rejects?": .map(.integer),
        "columns?": .integer, "etaSeconds?": .number.described("To the end of this node's work at its pace so far."),
        "again?": .integer.described("Images on which it ran only for its pixels: its result is as before."),
        "kept?": .integer.described("Images on which it did not run: its result is as before."),
    ])

    private static func value(_ tally: NodeTally) -> JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(tally.name), "done": .integer(tally.done), "seconds": .number((tally.seconds * 1000).rounded() / 1000),
        ]
        for (name, number) in [("pixels", tally.pixels), ("framePixels", tally.framePixels), ("objects", tally.objects), ("columns", tally.columns), ("again", tally.again), ("kept", tally.kept)] {
            if let number { members[name] = .integer(number) }
        }
        if let left = tally.secondsLeft, left.isFinite { members["etaSeconds"] = .number((left * 10).rounded() / 10) }
        if let rejects = tally.rejects { members["rejects"] = .object(rejects.mapValues { .integer($0) }) }
        return .object(members)
    }

    /// The outcome with its counts also by name: `objects`, `images`, `failed`, `rejects`, and `name` of the first file.
    private static func outcome(_ value: JSONValue) -> JSONValue {
        guard case .object(var members) = value, case .object(let counts)? = members["counts"] else { return value }
        var rejects: [String: JSONValue] = [:]
        for (name, count) in counts {
            if name.hasPrefix("reject.") { rejects[String(name.dropFirst(7))] = count } else if members[name] == nil { members[name] = count }
        }
        if !rejects.isEmpty { members["rejects"] = .object(rejects) }
        if let file = members["files"]?.arrayValue?.first?.stringValue { members["name"] = .string(file.split(separator: "/").last.map(String.init) ?? file) }
        return .object(members)
    }

    private static func parsed(_ json: String) -> JSONValue {
        (try? JSONDecoder().decode(JSONValue.self, from: Data(json.utf8))) ?? .null
    }
}
