import Editing
import Foundation
import HTTPTypes
import Hummingbird
import Pipeline
import Raster
import Store

/// Changes of segments by hand, and their history. An edit is on the disk before its answer is sent.
struct EditRoutes: RouteGroup {
    let services: Services

    private static let path = Route.project + "/edits"
    private struct ImageBody: Decodable { var image: Int64 }
    private struct GotoBody: Decodable { var image: Int64; var edit: Int64 }

    private static let request = Schema.object([
        "operation": .choice(EditOperation.allCases.map(\.rawValue)).described(
            """
            draw: new objects. delete. merge: one object from several, connected by lines. split: each pixel to the nearest point or line; those nearest to an \
            outline leave the object; overlapping objects are divided as their union. cut: along lines. add, erase, replace: by shapes. fill: holes. \
            smooth: outlines. separate: bodies that touch, by watershed on the distance to the background, from points or lines where these are given.
            """),
        "image": .integer, "objects?": .array(.integer),
        "annotations?": .anyObject.described(
            """
            GeoJSON FeatureCollection; pixel centres lie at whole numbers. Properties of a feature: width (diameter of the pen, 2), role (skeleton, \
            outline, or wand: a Point for the pixels connected to it within 1,024 pixels), tolerance (of a wand, gray levels of 0 to 255, 16).
            """),
        "parameters?": .object([
            "radius?": .integer.described("smooth: radius in px, 2."), "depth?": .number.described("separate: least depth of a neck in px, 1."),
            "minArea?": .integer.described("separate: smaller parts stay with their neighbours, px², 0."),
            "connectivity?": .integer.described("separate: 4 or 8, 8."),
        ]),
        "expected?": .map(.integer).described("Object id to maskRevision as you saw it; 409 with the newer state where one has changed."),
        "expectedRevision?": .integer.described("Revision of the image as you saw it."), "key?": key,
    ])
    static let key = Schema.string.described(
        "As the header Idempotency-Key: a repeated request with the same key gives the first answer and does nothing, also after a restart.")
    private static let nothing = Route.Answer.json(
        .object(["created": .array(.integer), "revised": .array(.integer), "removed": .array(.integer), "note": .string]),
        "Nothing would change, and `note` says why; nothing is stored, and the lists are empty.")
    private static let preview = Schema.object([
        "created": .array(.object(["outline": .anyObject, "area": .integer, "box": .ref("Box")])),
        "revised": .array(.object(["id": .integer, "outline": .anyObject, "area": .integer, "box": .ref("Box")])), "removed": .array(.integer),
        "note?": .string.described("Why nothing would change."),
    ])

    var routes: [Route] {
        let outcome = { (help: String, status: HTTPResponse.Status) in Route.Answer.json(.ref("EditOutcome"), help, status: status) }
        let image = Schema.object(["image": .integer, "key?": Self.key])
        return [
            Route(
                .post, Self.path, "Edits segments.", body: .json(Self.request), answers: [outcome("Stored.", .created), Self.nothing],
                problems: ProblemCode.change + [.editInvalid, .editConflict, .imageUnknown, .objectUnknown], handle: create),
            Route(
                .post, Self.path + "/preview", "What an edit would make; nothing is stored.", body: .json(Self.request),
                answers: [.json(Self.preview, "Outlines of new and changed objects.")],
                problems: [.editInvalid, .editConflict, .imageUnknown, .objectUnknown], isQuiet: true, handle: preview),
            Route(
                .post, Self.path + "/undo", "Takes the last edit of an image back.", body: .json(image), answers: [outcome("Taken back.", .ok)],
                problems: ProblemCode.change + [.nothingToUndo, .imageUnknown]
            ) { call in try await step(call, code: .nothingToUndo, "undo") { try await $0.editor.undo(image: $1, key: $2) } },
            Route(
                .post, Self.path + "/redo", "Brings the edit undone last back.", body: .json(image), answers: [outcome("Back in force.", .ok)],
                problems: ProblemCode.change + [.nothingToRedo, .imageUnknown]
            ) { call in try await step(call, code: .nothingToRedo, "redo") { try await $0.editor.redo(image: $1, key: $2) } },
            Route(
                .post, Self.path + "/goto", "Takes back or brings back as many edits as it needs, so that this is the last one in force.",
                body: .json(.object(["image": .integer, "edit": .integer.described("0: before the first."), "key?": Self.key])),
                answers: [outcome("The history stands there now.", .ok)], problems: ProblemCode.change + [.editUnknown, .imageUnknown], handle: goTo),
            Route(
                .get, Self.path, "History, newest first.",
                query: [
                    .init(name: "image", schema: .integer, help: "Only of this image."), .init(name: "cursor", schema: .string, help: "`next` of the page before."),
                    .init(name: "limit", schema: .integer, help: "At most so many; 100."),
                ],
                answers: [
                    .json(.object(["edits": .array(.ref("Edit")), "next?": .string, "canUndo": .boolean, "canRedo": .boolean]), "canUndo and canRedo are of the image.")
                ], problems: [.queryInvalid, .imageUnknown, .valueInvalid], handle: list),
            Route(
                .get, Self.path + "/{edit}/picture", "The place that an edit changed, with the outlines of its objects.",
                query: [
                    .init(name: "side", schema: .choice(Side.allCases.map(\.rawValue)), help: "after."),
                    .init(name: "size", schema: .integer, help: "Longest side, 16 to 1024; 96."),
                ],
                answers: [.bytes(["image/jpeg"], "The picture; it never changes."), .notModified],
                problems: [.editUnknown, .imageUnknown, .imageUnreadable, .queryInvalid], isQuiet: true, handle: picture),
        ]
    }

    @Sendable func create(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let request = try call.json(EditRequest.self)
        let by = call.account?.user ?? "local"
        let key = try Self.key(call)
        return try await Self.explaining(request, project) {
            .json(try await answer(project, image: request.image, try await project.editor.apply(request, by: by, key: key)), status: .created)
        }
    }

    @Sendable func preview(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let request = try call.json(EditRequest.self)
        return try await Self.explaining(request, project) {
            let preview = try await project.editor.preview(request)
            return await Task(executorPreference: project.looking) {
                func shape(_ mask: Mask) -> [String: JSONValue] {
                    ["outline": ObjectJSON.outline(of: mask), "area": .integer(mask.area), "box": ObjectJSON.value(mask.boundingBox)]
                }
                return .json([
                    "created": .array(preview.created.map { .object(shape($0)) }),
                    "revised": .array(preview.revised.map { .object(shape($0.mask).merging(["id": .integer($0.object)]) { $1 }) }),
                    "removed": .array(preview.removed.map { .integer($0) }),
                ])
            }.value
        }
    }

    @Sendable func goTo(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let body = try call.json(GotoBody.self)
        guard try await project.project.image(body.image, counting: false) != nil else { throw Problem.unknownImage(body.image) }
        do {
            let outcome = try await project.editor.goTo(edit: body.edit, image: body.image, key: try Self.key(call))
            return .json(try await answer(project, image: body.image, outcome))
        } catch StoreError.notFound {
            throw Problem(.editUnknown, "image \(body.image) has no edit \(body.edit); reload its history", field: "edit")
        }
    }

    /// Runs `body` and says what is wrong with the request, in a conflict with the newer state of what it is about.
    private static func explaining(_ request: EditRequest, _ project: OpenProject, _ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch let error as EditError {
            switch error {
            case .unknownObject(let id) where id == request.image && !request.objects.contains(id): throw Problem.unknownImage(id)
            case .stopped: throw CancellationError()
            case .unknownObject: throw Problem(.objectUnknown, error.description, field: "objects")
            case .nothingChanges:
                // The objects are as the request wants them already, which is no fault of anybody.
                return .json(["created": [], "revised": [], "removed": [], "note": .string(error.description)])
            case .changedMeanwhile(let ids): throw try await conflict(error.description, ids, request, project)
            default: throw Problem(.editInvalid, error.description)
            }
        } catch StoreError.conflict(let sentence) {
            throw try await conflict(sentence, request.objects, request, project)
        }
    }

    private static func conflict(_ sentence: String, _ ids: [ObjectID], _ request: EditRequest, _ project: OpenProject) async throws -> Problem {
        var problem = Problem(.editConflict, sentence)
        guard let input = try await project.project.editInput(image: request.image, objects: ids) else { return problem }
        let named = Set(ids).sorted()
        let present = named.filter { input.objects[$0]?.isActive == true && input.objects[$0]?.image == request.image }
        problem.members["current"] = [
            "revision": .integer(input.image.revision),
            "objects": .array(try await objects(project, masks: present.compactMap { input.objects[$0]?.mask.revision })),
            "removed": .array(named.filter { !present.contains($0) }.map { .integer($0) }),
        ]
        return problem
    }

    /// What tells a repetition of a request, after a lost answer, from a second edit.
    static func key(_ call: Call) throws(Problem) -> String? {
        struct Keyed: Decodable { var key: String? }
        let header = call.headers[HTTPField.Name("Idempotency-Key")!]
        let key: String?
        if let header { key = header } else { key = try call.json(Keyed.self).key }
        guard let key, !key.isEmpty else { return nil }
        guard key.utf8.count <= 100 else { throw Problem(.valueInvalid, "the key is longer than 100 bytes; use a UUID", field: "key") }
        return key
    }

    private func step(
        _ call: Call, code: ProblemCode, _ word: String, _ body: (OpenProject, ObjectID, String?) async throws -> EditOutcome?
    ) async throws -> Response {
        let project = try await services.open(call)
        let id = try call.json(ImageBody.self).image
        guard try await project.project.image(id, counting: false) != nil else { throw Problem.unknownImage(id) }
        guard let outcome = try await body(project, id, try Self.key(call)) else {
            throw Problem(code, "there is nothing to \(word) in this image; its history is as it should be")
        }
        return .json(try await answer(project, image: id, outcome))
    }

    private func answer(_ project: OpenProject, image: ObjectID, _ outcome: EditOutcome) async throws -> JSONValue {
        project.events.publish("edit", ["image": .integer(image), "editId": .integer(outcome.edit), "revision": .integer(outcome.revision)])
        project.events.publish("objects", ["image": .integer(image), "revision": .integer(outcome.revision)])
        let objects = try await Self.objects(project, masks: outcome.masks)
        let created = outcome.created.count
        return EditJSON.value(outcome, created: Array(objects.prefix(created)), revised: Array(objects.dropFirst(created)))
    }

    /// With their outlines, in the order of `masks`.
    private static func objects(_ project: OpenProject, masks: [Int64]) async throws -> [JSONValue] {
        try await project.project.objects(masks: masks).map { object, mask in
            ObjectJSON.value(object, outline: ObjectJSON.outline(of: mask.shown))
        }
    }

    @Sendable func list(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let image = try call.integer("image", in: 1...Int.max).map(Int64.init)
        if let image, try await project.project.image(image, counting: false) == nil { throw Problem.unknownImage(image) }
        // Who looks at an image's history is about to edit it.
        if let image, !project.project.isReadOnly {
            Task { [workers = services.workers] in await project.editor.prepare(image: image, executor: workers) }
        }
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
