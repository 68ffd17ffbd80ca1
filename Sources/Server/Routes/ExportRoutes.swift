import Foundation
import HTTPTypes
import Hummingbird
import Jobs
import Nodes
import Pipeline
import Store

/// Finished archives, and what a receiver would say about one before it is made.
struct ExportRoutes: RouteGroup {
    let services: Services

    private struct CheckBody: Decodable { var format: String?; var node: String? }
    private struct AddBody: Decodable { var format: String }

    var routes: [Route] {
        let path = Route.project + "/exports"
        return [
            Route(
                .post, path + "/check", "Everything that the receiver would refuse or get wrong. Making the archive is a job of type export.",
                body: .json(.object(["format?": .string, "node?": .string])),
                answers: [
                    .json(
                        .object([
                            "findings": .array(
                                .object([
                                    "severity": .choice(["error", "warning"]), "row?": .integer, "column?": .string, "object?": .string, "message": .string,
                                    "remedy": .string,
                                ])), "objects": .integer, "images": .integer,
                        ]), "Errors first.")
                ], problems: [.exportFormat, .graphInvalid, .imageUnreadable], handle: check),
            Route(
                .get, path, "Archives that were made.",
                answers: [
                    .json(
                        .object([
                            "exports": .array(.object(["name": .string, "bytes": .integer, "createdAt": .date, "kind": .string, "objects?": .integer])),
                            "formats": .array(.object(["format": .string, "title": .string, "help": .string, "nodes": .array(.string)])),
                        ]), "Newest first; and every format with the pipeline's exports of it.")
                ]
            ) { call in
                let project = try await services.open(call)
                let graph = try await project.project.pipelineGraph()
                let formats = Plan.exportFormats.compactMap { format in AllNodes.named("export.\(format)").map { (format, $0) } }.map { format, nodeClass -> JSONValue in
                    [
                        "format": .string(format), "title": .string(nodeClass.title), "help": .string(nodeClass.help),
                        "nodes": .array(graph.nodes.filter { $0.kind == nodeClass.kind }.map { .string($0.name) }),
                    ]
                }
                return .json([
                    "formats": .array(formats),
                    "exports": .array(
                        try await files(project).map { file in
                            var members: [String: JSONValue] = [
                                "name": .string(file.name), "bytes": .integer(file.bytes), "createdAt": .date(file.createdAt), "kind": .string(file.kind),
                            ]
                            if let objects = file.objects { members["objects"] = .integer(objects) }
                            return .object(members)
                        })
                ])
            },
            Route(
                .post, path + "/nodes", "Adds an export of a format to the pipeline, connected to images, objects and measurements.",
                body: .json(.object(["format": .string])), answers: [.json(.object(["node": .string, "graph": .ref("Graph")]), "The pipeline as it is now.", status: .created)],
                problems: ProblemCode.change + [.exportFormat, .graphInvalid], handle: add),
            Route(
                .get, path + "/{name}", "Downloads an archive; takes Range.",
                answers: [
                    .bytes(["application/zip", "application/octet-stream"], "The whole file."),
                    Route.Answer(status: .partialContent, help: "A part of it.", headers: ["Content-Range"]),
                ], problems: [.exportUnknown, .rangeInvalid], handle: download),
        ]
    }

    @Sendable func check(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let body = try call.json(CheckBody.self)
        let format = body.format ?? "ecotaxa"
        let plan: Plan
        do { plan = try await project.pipeline.plan() } catch let error as GraphError { throw Problem(error) }
        let step: (plan: Plan, step: Plan.Step, node: any CollectionNode)
        do { step = try plan.exportStep(format: format, node: body.node) } catch let error as JobError {
            throw Problem(.exportFormat, error.description, field: "format")
        }
        let collection = ObjectCollection(pipeline: project.pipeline, plan: step.plan, step: step.step)
        // On the job threads: it may look at every object.
        let findings = try await services.workers.run { try await step.node.check(collection) }
        let summary = try await project.project.summary(user: project.user)
        return .json([
            "findings": .array(
                findings.sorted { ($0.severity == .error ? 0 : 1) < ($1.severity == .error ? 0 : 1) }.map { finding in
                    var members: [String: JSONValue] = [
                        "severity": .string(finding.severity.rawValue), "message": .string(finding.message), "remedy": .string(finding.remedy),
                    ]
                    if let row = finding.row { members["row"] = .integer(row) }
                    if let column = finding.column { members["column"] = .string(column) }
                    if let object = finding.object { members["object"] = .string(object) }
                    return .object(members)
                }), "objects": .integer(summary.objects), "images": .integer(summary.images),
        ])
    }

    @Sendable func add(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let format = try call.json(AddBody.self).format
        let plan: Plan
        do { plan = try await project.pipeline.plan().withExport(format: format) } catch let error as GraphError { throw Problem(error) } catch let error as JobError {
            throw Problem(.exportFormat, error.description, field: "format")
        }
        try await project.project.savePipelineGraph(plan.graph)
        return .json(
            ["node": .string(plan.graph.nodes.last?.name ?? ""), "graph": try GraphRoutes.value(try await project.project.pipelineGraph())], status: .created)
    }

    private struct ExportFile: Sendable { var name: String; var path: String; var bytes: Int; var createdAt: Date; var kind: String; var objects: Int? }

    /// Files that finished export jobs name and that are still there; only these can be downloaded.
    private func files(_ project: OpenProject) async throws -> [ExportFile] {
        var files: [ExportFile] = []
        for job in try await project.project.jobs(limit: 1000).items where job.type == "export" && job.state == .done {
            guard let result = job.result, let outcome = try? JSONDecoder().decode(JobOutcome.self, from: Data(result.utf8)) else { continue }
            let format = (try? JSONDecoder().decode(JSONValue.self, from: Data(job.parameters.utf8)))?["format"]?.stringValue
            for path in outcome.files {
                let name = path.split(separator: "/").last.map(String.init) ?? path
                guard !files.contains(where: { $0.name == name }), let bytes = try? project.project.files.size(path) else { continue }
                files.append(
                    ExportFile(
                        name: name, path: path, bytes: bytes, createdAt: job.finishedAt ?? job.createdAt, kind: format ?? "ecotaxa", objects: outcome.counts["objects"]))
            }
        }
        return files
    }

    @Sendable func download(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let name = call.parameter("name")
        guard let found = try await files(project).first(where: { $0.name == name }) else {
            throw Problem(.exportUnknown, "there is no export \"\(name.prefix(100))\"; GET \(project.address)/exports lists them")
        }
        let file = try await services.work.run { try project.project.files.openFile(found.path) }
        var headers = HTTPFields()
        headers[.contentType] = name.hasSuffix(".zip") ? "application/zip" : "application/octet-stream"
        headers[.contentDisposition] = ContentDisposition.attachment(name)
        headers[.contentSecurityPolicy] = SecurityHeaders.filePolicy
        headers[.acceptRanges] = "bytes"
        switch ByteRange.parse(call.headers[.range], size: file.size) {
        case .whole: return services.stream(file, 0..<file.size, status: .ok, headers: headers)
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)"
            return services.stream(file, range, status: .partialContent, headers: headers)
        case .outside: throw Problem(.rangeInvalid, "the range lies outside the file of \(file.size) bytes; ask for a part of it")
        }
    }
}
