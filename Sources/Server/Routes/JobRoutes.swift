import Foundation
import Hummingbird
import Jobs
import Pipeline
import Store

/// Everything that may take longer than half a second.
struct JobRoutes: RouteGroup {
    let services: Services

    private static let path = Route.project + "/jobs"
    private static let body = Schema(
        json: [
            "type": "object", "properties": ["type": Schema.choice(AllJobs.types).json], "required": ["type"],
            // What each type takes is the job's to say.
            "additionalProperties": [:],
        ])

    var routes: [Route] {
        [
            Route(
                .post, Self.path, "Queues a job. `type` is one of \(AllJobs.types.joined(separator: ", ")); its parameters stand beside it.",
                body: .json(Self.body),
                answers: [.json(.ref("Job"), "Queued.", status: .accepted, headers: ["Location"])],
                problems: ProblemCode.change + [.jobTypeUnknown, .folderUnknown, .graphInvalid, .patternInvalid], handle: create),
            Route(
                .get, Self.path, "Jobs, newest first.", query: [
                    .init(name: "limit", schema: .integer, help: "At most so many; 50."),
                    .init(name: "cursor", schema: .string, help: "`next` of the page before."),
                ],
                answers: [.json(.object(["jobs": .array(.ref("Job")), "next?": .string]), "Jobs without their logs.")], problems: [.queryInvalid, .valueInvalid], handle: list),
            Route(
                .get, Self.path + "/{job}", "A job with its log.", answers: [.json(.ref("Job"), "The job.")], problems: [.jobUnknown], isQuiet: true, handle: show),
            Route(
                .delete, Self.path + "/{job}", "Cancels a job; what it has finished stays.",
                answers: [.json(.ref("Job"), "It stops within a second.", status: .accepted)], problems: ProblemCode.change + [.jobUnknown], handle: cancel),
            Route(
                .post, Self.path + "/{job}/retry", "Queues a finished, failed or cancelled job again, as a new one.",
                answers: [.json(.ref("Job"), "Queued.", status: .accepted, headers: ["Location"])],
                problems: ProblemCode.change + [.jobUnknown, .jobState, .jobTypeUnknown], handle: retry),
        ]
    }

    @Sendable func create(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let body = try call.json(JSONValue.self)
        guard case .object(var members) = body, let type = members.removeValue(forKey: "type")?.stringValue else {
            throw Problem(.bodyInvalid, "the body has no \"type\"; give one of \(AllJobs.types.joined(separator: ", "))", field: "type")
        }
        if type == "import" {
            if let unknown = members.keys.sorted().first(where: { !ImportRoutes.members.contains($0) }) {
                throw Problem(.bodyInvalid, "the body has \"\(unknown.prefix(60))\", which an import does not know; \(ImportRoutes.members.joined(separator: ", ")) are known", field: unknown)
            }
            return try await ImportRoutes(services: services).start(project, members)
        }
        return try await start(project, type: type, parameters: .object(members))
    }

    func start(_ project: OpenProject, type: String, parameters: JSONValue) async throws -> Response {
        guard !project.project.isReadOnly else {
            throw StoreError.readOnly(path: project.project.folder, reason: project.project.readOnlyReason ?? "it was opened for reading only")
        }
        let job: JobRecord
        do {
            job = try await project.runner.enqueue(type: type, parameters: String(decoding: parameters.encoded(), as: UTF8.self), by: project.user)
        } catch let error as JobError {
            switch error {
            case .unknownType: throw Problem(.jobTypeUnknown, error.description, field: "type")
            case .badParameters, .failed: throw Problem(.valueInvalid, error.description)
            }
        }
        return .json(JobJSON.value(job, secondsLeft: nil, log: nil), status: .accepted, headers: [.location: "\(project.address)/jobs/\(job.id)"])
    }

    @Sendable func list(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        var jobs: [JSONValue] = []
        let page = try await project.project.jobs(cursor: call.target.query["cursor"], limit: try call.integer("limit", in: 1...1000) ?? 50)
        for job in page.items {
            let report = await project.runner.report(job.id)
            jobs.append(JobJSON.value(job, secondsLeft: report?.secondsLeft, nodes: report?.nodes ?? [], log: nil))
        }
        var members: [String: JSONValue] = ["jobs": .array(jobs)]
        if let next = page.next { members["next"] = .string(next) }
        return .json(.object(members))
    }

    @Sendable func show(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        return .json(try await value(try await find(call, project), project))
    }

    @Sendable func cancel(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let job = try await find(call, project)
        let cancelled = try await project.runner.cancel(job.id) ?? job
        return .json(try await value(cancelled, project), status: .accepted)
    }

    @Sendable func retry(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let job = try await find(call, project)
        guard job.state.isFinished else {
            throw Problem(.jobState, "job \(job.id) is \(job.state.rawValue); wait for its end or cancel it first")
        }
        let parameters = try? JSONDecoder().decode(JSONValue.self, from: Data(job.parameters.utf8))
        return try await start(project, type: job.type, parameters: parameters ?? .object([:]))
    }

    private func find(_ call: Call, _ project: OpenProject) async throws -> JobRecord {
        let id = try call.id("job", unknown: .jobUnknown, what: "Job")
        guard let job = try await project.project.job(id) else {
            throw Problem(.jobUnknown, "there is no job \(id) in this project; GET \(project.address)/jobs lists them")
        }
        return job
    }

    private func value(_ job: JobRecord, _ project: OpenProject) async throws -> JSONValue {
        let report = await project.runner.report(job.id)
        return JobJSON.value(job, secondsLeft: report?.secondsLeft, nodes: report?.nodes ?? [], log: try await project.project.jobLog(job.id))
    }
}
