import Editing
import Foundation
import HTTPTypes
import Hummingbird
import Pipeline
import Store

/// Changes of segments by hand, and their history. An edit is on the disk before its answer is sent.
struct EditRoutes: RouteGroup {
    let services: Services

    private static let path = Route.project + "/edits"
    private struct ImageBody: Decodable { var image: Int64 }

    var routes: [Route] {
        let outcome = { (help: String, status: HTTPResponse.Status) in Route.Answer.json(.ref("EditOutcome"), help, status: status) }
        let image = Schema.object(["image": .integer])
        return [
            Route(
                .post, Self.path, "Edits segments. Annotations are GeoJSON in image pixels.",
                body: .json(
                    .object([
                        "operation": .choice(EditOperation.allCases.map(\.rawValue)), "image": .integer, "objects?": .array(.integer),
                        "annotations?": .anyObject.described("GeoJSON FeatureCollection"), "expectedRevision?": .integer,
                        "key?": .string.described("As the header Idempotency-Key: a repeated request with the same key edits once."),
                    ])),
                answers: [outcome("Stored.", .created)], problems: ProblemCode.change + [.editInvalid, .editConflict, .imageUnknown, .objectUnknown], handle: create),
            Route(
                .post, Self.path + "/undo", "Takes the last edit of an image back.", body: .json(image), answers: [outcome("Taken back.", .ok)],
                problems: ProblemCode.change + [.nothingToUndo, .imageUnknown]
            ) { call in try await step(call, code: .nothingToUndo, "undo") { try await $0.editor.undo(image: $1) } },
            Route(
                .post, Self.path + "/redo", "Brings the edit undone last back.", body: .json(image), answers: [outcome("Back in force.", .ok)],
                problems: ProblemCode.change + [.nothingToRedo, .imageUnknown]
            ) { call in try await step(call, code: .nothingToRedo, "redo") { try await $0.editor.redo(image: $1) } },
            Route(
                .get, Self.path, "History, newest first.",
                query: [
                    .init(name: "image", schema: .integer, help: "Only of this image."), .init(name: "cursor", schema: .string, help: "`next` of the page before."),
                    .init(name: "limit", schema: .integer, help: "At most so many; 100."),
                ],
                answers: [
                    .json(.object(["edits": .array(.ref("Edit")), "next?": .string, "canUndo": .boolean, "canRedo": .boolean]), "canUndo and canRedo are of the image.")
                ], problems: [.queryInvalid, .imageUnknown, .valueInvalid], handle: list),
        ]
    }

    @Sendable func create(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let request = try call.json(EditRequest.self)
        guard let image = try await project.project.image(request.image), image.removedAt == nil else { throw Problem.unknownImage(request.image) }
        do {
            let key = try Self.key(call)
            let by = call.account?.user ?? "local"
            let body = try await project.answers.once(key) {
                try await answer(project, image: request.image, try await project.editor.apply(request, by: by))
            }
            return .json(body, status: .created)
        } catch let error as EditError {
            switch error {
            case .unknownObject: throw Problem(.objectUnknown, error.description, field: "objects")
            default: throw Problem(.editInvalid, error.description)
            }
        } catch StoreError.conflict(let sentence) {
            throw Problem(.editConflict, sentence)
        }
    }

    /// What tells a repetition of a request, after a lost answer, from a second edit.
    private static func key(_ call: Call) throws(Problem) -> String? {
        struct Keyed: Decodable { var key: String? }
        let header = call.headers[HTTPField.Name("Idempotency-Key")!]
        let key: String?
        if let header { key = header } else { key = try call.json(Keyed.self).key }
        guard let key, !key.isEmpty else { return nil }
        guard key.utf8.count <= 100 else { throw Problem(.valueInvalid, "the key is longer than 100 bytes; use a UUID", field: "key") }
        return key
    }

    private func step(
        _ call: Call, code: ProblemCode, _ word: String, _ body: (OpenProject, ObjectID) async throws -> EditOutcome?
    ) async throws -> Response {
        let project = try await services.open(call)
        let id = try call.json(ImageBody.self).image
        guard try await project.project.image(id) != nil else { throw Problem.unknownImage(id) }
        guard let outcome = try await body(project, id) else {
            throw Problem(code, "there is nothing to \(word) in this image; its history is as it should be")
        }
        return .json(try await answer(project, image: id, outcome))
    }

    private func answer(_ project: OpenProject, image: ObjectID, _ outcome: EditOutcome) async throws -> JSONValue {
        project.events.publish("edit", ["image": .integer(image), "editId": .integer(outcome.edit), "revision": .integer(outcome.revision)])
        project.events.publish("objects", ["image": .integer(image), "revision": .integer(outcome.revision)])
        return EditJSON.value(outcome, created: try await objects(project, outcome.created), revised: try await objects(project, outcome.revised))
    }

    /// With their outlines, in the order of `ids`.
    private func objects(_ project: OpenProject, _ ids: [ObjectID]) async throws -> [JSONValue] {
        guard !ids.isEmpty else { return [] }
        var query = ObjectQuery()
        query.ids = ids
        query.kinds = Set(ObjectKind.allCases)
        query.limit = ids.count
        let found = Dictionary(try await project.project.objects(query).items.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        var values: [JSONValue] = []
        for object in ids.compactMap({ found[$0] }) {
            let mask = try await project.project.mask(object.id)
            values.append(try await services.work.run { ObjectJSON.value(object, outline: try mask.map { ObjectJSON.outline(of: try $0.decoded()) }) })
        }
        return values
    }

    @Sendable func list(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let image = try call.integer("image", in: 1...Int.max).map(Int64.init)
        if let image, try await project.project.image(image) == nil { throw Problem.unknownImage(image) }
        let page = try await project.project.edits(image: image, cursor: call.target.query["cursor"], limit: try call.integer("limit", in: 1...1000) ?? 100)
        var members: [String: JSONValue] = ["edits": .array(page.items.map(EditJSON.value)), "canUndo": false, "canRedo": false]
        if let image {
            let can = try await project.project.canUndoRedo(image: image)
            (members["canUndo"], members["canRedo"]) = (.boolean(can.undo), .boolean(can.redo))
        }
        if let next = page.next { members["next"] = .string(next) }
        return .json(.object(members))
    }
}
