import Foundation
import HTTPTypes
import Hummingbird
import Nodes
import Pipeline
import Store

/// Tables of what is known about samples, acquisitions, processes, images and objects, and the record of every change.
struct MetadataRoutes: RouteGroup {
    let services: Services

    private static let path = Route.project + "/metadata"

    var routes: [Route] {
        let level = Schema.choice(MetadataTable.Level.allCases.map(\.rawValue))
        let id = Schema.any.described("Text or number, as the table gives it.")
        let outcome = Schema.object([
            "step": Schema.integer.nullable.described("For taking it back; null when nothing changed."), "count": .integer.described("Values of images and objects that changed."),
        ])
        return [
            Route(
                .get, Self.path, "The table of a level.",
                query: [
                    .init(name: "level", schema: level, help: "image."), .init(name: "cursor", schema: .string, help: "`next` of the page before; only objects come in pages."),
                    .init(name: "limit", schema: .integer, help: "At most so many objects, 1 to 10000; 5000."),
                ],
                answers: [
                    .json(
                        .object([
                            "level": level, "columns": .array(.string), "total": .integer, "next?": .string,
                            "rows": .array(
                                .object([
                                    "id": .string, "name": .string, "images": .integer, "image": .integer.described("The first one."), "values": .map(.string),
                                    "sources": .map(.string).described("Where values come from that no person typed."),
                                    "inherited": .map(.string).described("What holds where the row says nothing itself."),
                                    "mixed": .array(.string).described("Columns in which the images of the row differ."),
                                ])),
                        ]), "In the order of the images' names.")
                ], problems: [.queryInvalid], handle: table),
            Route(
                .patch, Self.path, "Changes values, all or none. A row of a sample, acquisition or process changes all of its images. A null or empty value is removed.",
                body: .json(.object(["level": level, "changes": .array(.object(["id": id, "key": .string, "value": Schema.string.nullable]))])),
                answers: [.json(outcome, "Stored and audited.")], problems: ProblemCode.change + [.metadataInvalid], handle: change),
            Route(
                .post, Self.path + "/undo", "Takes a step of changes back, an undo too. What was changed otherwise since stays.",
                body: .json(.object(["step": .integer])), answers: [.json(outcome, "Taken back; its own step is `step`.")],
                problems: ProblemCode.change + [.metadataStepUnknown]
            ) { call in
                struct Body: Decodable { var step: Int64 }
                let step = try call.json(Body.self).step
                let project = try await services.open(call)
                do {
                    return try await answer(project, try await project.project.undoMetadata(step: step, by: call.account?.user ?? "local"))
                } catch StoreError.notFound {
                    throw Problem(.metadataStepUnknown, "there is no step \(step) of changes in this project; GET \(project.address)/audit lists them", field: "step")
                }
            },
            Route(
                .get, Route.project + "/audit", "Who changed which metadata, setting or category, newest first; equal changes of one step in one entry.",
                query: [
                    .init(name: "cursor", schema: .string, help: "`next` of the page before."), .init(name: "limit", schema: .integer, help: "At most so many entries, 1 to 1000; 100."),
                ],
                answers: [
                    .json(
                        .object([
                            "entries": .array(
                                .object([
                                    "id": .integer, "at": .date, "by": .string, "field": .string, "before": Schema.string.nullable, "after": Schema.string.nullable,
                                    "count": .integer, "object": Schema.integer.nullable.described("The first image or object; null for a setting."),
                                    "name": Schema.string.nullable, "step": Schema.integer.nullable,
                                ])), "next?": .string,
                        ]), "Entries.")
                ], problems: [.queryInvalid, .valueInvalid], handle: audit),
        ]
    }

    @Sendable func table(_ call: Call) async throws -> Response {
        let project = try await services.open(call).project
        let level = try call.choice("level", MetadataTable.Level.self) ?? .image
        let cursor = call.target.query["cursor"].flatMap { $0.isEmpty ? nil : $0 }
        let table = try await MetadataTable(project, level: level, cursor: cursor, limit: try call.integer("limit", in: 1...10_000) ?? 5000)
        func texts(_ texts: [String: String]) -> JSONValue { .object(texts.mapValues { .string($0) }) }
        let rows: [JSONValue] = table.rows.map { row in
            [
                "id": .string(row.id), "name": .string(row.name), "images": .integer(row.images.count), "image": .integer(row.images.first ?? 0),
                "values": texts(row.values), "sources": texts(row.sources), "inherited": texts(row.inherited), "mixed": .array(row.mixed.sorted().map { .string($0) }),
            ]
        }
        var members: [String: JSONValue] = [
            "level": .string(level.rawValue), "columns": .array(table.columns.map { .string($0) }), "rows": .array(rows), "total": .integer(table.total),
        ]
        if let next = table.next { members["next"] = .string(next) }
        return .json(.object(members))
    }

    @Sendable func change(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        guard case .object(let body) = try call.json(JSONValue.self), let list = body["changes"]?.arrayValue,
            let level = body["level"]?.stringValue.flatMap(MetadataTable.Level.init)
        else { throw Problem(.bodyInvalid, "the body must have level (image, sample, acquisition, process or object) and changes, a list of { id, key, value }") }
        var wanted: [(id: String, key: String, value: String?)] = []
        var faults: [(index: Int, sentence: String)] = []
        for (index, change) in list.enumerated() {
            guard let id = change["id"]?.stringValue ?? change["id"]?.integerValue.map(String.init), let key = change["key"]?.stringValue,
                let value = change["value"].map({ $0 == .null ? "" : $0.stringValue ?? $0.numberValue.map { "\($0)" } }) ?? .some("")
            else { throw Problem(.bodyInvalid, "changes[\(index)] must be { id, key, value }, the value a text or null", field: "changes[\(index)]") }
            let text = MetadataTable.pointed(key: key, value: value.trimmingCharacters(in: .whitespaces))
            if let fault = MetadataTable.fault(level: level, key: key, value: text) { faults.append((index, fault)) }
            wanted.append((id, key, text.isEmpty ? nil : text))
        }
        let targets = try await targets(project.project, level: level, ids: Set(wanted.map(\.id)))
        for (index, change) in wanted.enumerated() where targets[change.id] == nil {
            faults.append((index, "there is no \(level.rawValue) “\(change.id.prefix(60))” any more; reload the table"))
        }
        if !faults.isEmpty {
            faults.sort { $0.index < $1.index }
            var problem = Problem(.metadataInvalid, faults[0].sentence, field: "changes[\(faults[0].index)]", errors: faults.prefix(20).map(\.sentence))
            problem.members["faults"] = .array(faults.map { ["index": .integer($0.index), "sentence": .string($0.sentence)] })
            throw problem
        }
        let changes = wanted.flatMap { change in (targets[change.id] ?? []).map { MetadataChange(object: $0, key: change.key, value: change.value) } }
        return try await answer(project, try await project.project.changeMetadata(changes, by: call.account?.user ?? "local"))
    }

    /// The images or objects that rows stand for.
    private func targets(_ project: Project, level: MetadataTable.Level, ids: Set<String>) async throws -> [String: [ObjectID]] {
        if level == .object {
            var query = ObjectQuery()
            (query.ids, query.withMeasurements, query.withTotal, query.limit) = (ids.compactMap { Int64($0) }, false, false, 10_000)
            var found: [String: [ObjectID]] = [:]
            repeat {
                let page = try await project.objects(query)
                for object in page.items { found["\(object.id)"] = [object.id] }
                query.cursor = page.next
            } while query.cursor != nil
            return found
        }
        let rows = try await MetadataTable(project, level: level).rows
        return Dictionary(rows.filter { ids.contains($0.id) }.map { ($0.id, $0.images) }, uniquingKeysWith: { first, _ in first })
    }

    private func answer(_ project: OpenProject, _ outcome: MetadataOutcome) async throws -> Response {
        if !outcome.rescaled.isEmpty {
            var images: [ImageRecord] = []
            for id in outcome.rescaled {
                project.pipeline.forget(image: id)
                if let image = try await project.project.image(id) { images.append(image) }
            }
            try await project.measureAgain(images)
        }
        // Pages load their table again; the pictures stay as they are.
        if outcome.step != nil { project.events.publish("metadata", ["step": .integer(outcome.step ?? 0), "count": .integer(outcome.changes.count)]) }
        return .json(["step": outcome.step.map { .integer($0) } ?? .null, "count": .integer(outcome.changes.count)])
    }

    @Sendable func audit(_ call: Call) async throws -> Response {
        let project = try await services.open(call).project
        let limit = try call.integer("limit", in: 1...1000) ?? 100
        var entries: [(record: AuditRecord, count: Int)] = []
        var cursor = call.target.query["cursor"].flatMap { $0.isEmpty ? nil : $0 }
        var next: String?
        // Read on until the entries are full; a step of 10,000 images is one of them.
        reading: repeat {
            let page = try await project.auditTrail(cursor: cursor, limit: 2000)
            for record in page.items {
                if let last = entries.last?.record, last.step != nil, last.step == record.step, last.field == record.field, last.before == record.before, last.after == record.after {
                    entries[entries.count - 1] = (record, entries[entries.count - 1].count + 1)
                } else {
                    if entries.count == limit {
                        next = entries.last.map { "\($0.record.id)" }
                        break reading
                    }
                    entries.append((record, 1))
                }
            }
            cursor = page.next
        } while cursor != nil
        var values: [JSONValue] = []
        for (record, count) in entries {
            var name: String?
            if let id = record.object { name = try await project.image(id)?.name ?? "object \(id)" }
            values.append([
                "id": .integer(record.id), "at": .date(record.at), "by": .string(record.by), "field": .string(record.field), "before": .optional(record.before),
                "after": .optional(record.after), "count": .integer(count), "object": record.object.map { .integer($0) } ?? .null, "name": .optional(name),
                "step": record.step.map { .integer($0) } ?? .null,
            ])
        }
        var members: [String: JSONValue] = ["entries": .array(values)]
        if let next { members["next"] = .string(next) }
        return .json(.object(members))
    }
}
