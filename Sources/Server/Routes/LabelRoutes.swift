import Foundation
import HTTPTypes
import Hummingbird
import Pipeline
import Store

/// What objects are called, by whom, and the way back. A label is on the disk before its answer is sent.
struct LabelRoutes: RouteGroup {
    let services: Services

    private static let path = Route.project + "/labels"

    var routes: [Route] {
        let outcome = Schema.object(["batch": Schema.integer.nullable.described("Null when nothing changed."), "count": .integer])
        return [
            Route(
                .post, Self.path,
                """
                Labels objects, all in one step. Edits: a new outline keeps the label; a merge keeps a class that all parts have, as sure as the least \
                sure; parts of a split, cut or separation are dubious.
                """,
                body: .json(
                    .object([
                        "objects": .array(.integer),
                        "category?": Schema.integer.nullable.described("Missing: each object keeps its own, as when it is validated. Null: the label is taken away."),
                        "status?": LabelJSON.status.described("validated."), "score?": Schema.number.nullable.described("0 to 1, of a prediction."), "key?": EditRoutes.key,
                    ])),
                answers: [.json(outcome, "Stored.")], problems: ProblemCode.change + [.categoryUnknown, .objectUnknown]
            ) { call in
                let labels = try Self.labels(try call.json(JSONValue.self))
                let key = try EditRoutes.key(call)
                return try await answer(call, unknown: .objectUnknown) { try await $0.setLabels(labels, by: $1, key: key) }
            },
            Route(
                .post, Self.path + "/undo", "Takes a step of labelling back, an undo too. What was labelled otherwise since stays.",
                body: .json(.object(["batch": .integer, "key?": EditRoutes.key])), answers: [.json(outcome, "Taken back; its own step is `batch`.")],
                problems: ProblemCode.change + [.labelStepUnknown]
            ) { call in
                struct Body: Decodable { var batch: Int64 }
                let batch = try call.json(Body.self).batch
                let key = try EditRoutes.key(call)
                return try await answer(call, unknown: .labelStepUnknown) { try await $0.undoLabels(batch: batch, by: $1, key: key) }
            },
            Route(
                .get, Route.project + "/objects/{object}/labels", "What an object was called, newest first.",
                answers: [.json(.object(["labels": .array(LabelJSON.step)]), "All steps.")], problems: [.objectUnknown]
            ) { call in
                let project = try await services.open(call).project
                let id = try call.id("object", unknown: .objectUnknown, what: "Object")
                guard try await project.object(id) != nil else {
                    throw Problem(.objectUnknown, "there is no object \(id) in this project; reload the list")
                }
                return .json(["labels": .array(try await project.labelHistory(id).map { LabelJSON.value($0) })])
            },
        ]
    }

    private func answer(_ call: Call, unknown: ProblemCode, _ body: (Project, String) async throws -> LabelOutcome) async throws -> Response {
        let project = try await services.open(call)
        do {
            let outcome = try await body(project.project, call.account?.user ?? "local")
            let batch: JSONValue = outcome.batch.map { .integer($0) } ?? .null
            if outcome.batch != nil { project.events.publish("labels", ["batch": batch, "count": .integer(outcome.objects.count)]) }
            return .json(["batch": batch, "count": .integer(outcome.objects.count)])
        } catch StoreError.notFound(let what) {
            throw Problem(.init(unknown, what), "\(what) is not in this project; reload the list")
        }
    }

    private static func labels(_ body: JSONValue) throws(Problem) -> [NewLabel] {
        guard case .object(let members) = body else { throw Problem(.bodyInvalid, "the body must be an object with objects, category and status") }
        guard let list = members["objects"]?.arrayValue else { throw Problem(.bodyInvalid, "objects must be a list of whole numbers", field: "objects") }
        let category: NewLabel.Category
        switch members["category"] {
        case nil: category = .own
        case .null: category = .none
        case let value?:
            guard let id = value.integerValue else { throw Problem(.bodyInvalid, "category must be a whole number or null", field: "category") }
            category = .id(Int64(id))
        }
        var status = LabelStatus.validated
        if let value = members["status"], value != .null {
            guard let known = value.stringValue.flatMap(LabelStatus.init) else {
                throw Problem(.valueInvalid, "status must be predicted, validated or dubious", field: "status")
            }
            status = known
        }
        var score: Double?
        if let value = members["score"], value != .null {
            guard let number = value.numberValue else { throw Problem(.bodyInvalid, "score must be a number from 0 to 1, or null", field: "score") }
            score = number
        }
        var labels: [NewLabel] = []
        for value in list {
            guard let id = value.integerValue else { throw Problem(.bodyInvalid, "objects must be a list of whole numbers", field: "objects") }
            labels.append(NewLabel(object: Int64(id), category: category, status: status, score: score))
        }
        return labels
    }
}

extension ProblemCode {
    /// The store names what it did not find; a category named in a label is one of two things that can be missing.
    fileprivate init(_ unknown: ProblemCode, _ what: String) { self = what.hasPrefix("Category") ? .categoryUnknown : unknown }
}
