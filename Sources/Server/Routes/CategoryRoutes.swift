import Foundation
import HTTPTypes
import Hummingbird
import Pipeline
import Store

/// The tree of categories that objects are sorted into.
struct CategoryRoutes: RouteGroup {
    let services: Services

    private static let path = Route.project + "/categories"

    var routes: [Route] {
        let body = Schema.object([
            "name?": .string, "parent?": Schema.integer.nullable, "color?": .string.described("#RRGGBB"), "key?": Schema.integer.nullable,
        ])
        return [
            Route(
                .get, Self.path, "The categories, in the order in which they were made.",
                answers: [
                    .json(
                        .object([
                            "categories": .array(.ref("Category")), "unlabelled": .integer,
                            "revision": .integer.described("Grows with every change of labels: part of addresses of what is drawn from them."),
                        ]), "All of them.")
                ]
            ) { call in
                let project = try await services.open(call).project
                let categories = try await project.categories()
                let total = try await project.labellableCount()
                return .json([
                    "categories": .array(categories.map { LabelJSON.value($0) }), "unlabelled": .integer(total - categories.reduce(0) { $0 + $1.count }),
                    "revision": .integer(try await project.labelRevision()),
                ])
            },
            Route(
                .post, Self.path, "A new category; without a colour it gets one that is used least.", body: .json(body),
                answers: [.json(.ref("Category"), "Made.", status: .created)], problems: ProblemCode.change + [.categoryUnknown]
            ) { call in
                try await change(call, status: .created) { try await $0.addCategory($1, by: $2) }
            },
            Route(
                .patch, Self.path + "/{category}", "Renames, moves, recolours, or gives another key; a key that is in use moves over.", body: .json(body),
                answers: [.json(.ref("Category"), "As it is now.")], problems: ProblemCode.change + [.categoryUnknown]
            ) { call in
                let id = try call.id("category", unknown: .categoryUnknown, what: "Category")
                return try await change(call, status: .ok) { try await $0.changeCategory(id, $1, by: $2) }
            },
            Route(
                .delete, Self.path + "/{category}",
                "Deletes a category with those below it; their objects lose their label. Undo the step of labelling to bring all of it back.",
                answers: [.json(.object(["batch": .integer, "count": .integer, "removed": .array(.integer)]), "Deleted.")],
                problems: ProblemCode.change + [.categoryUnknown]
            ) { call in
                let project = try await services.open(call)
                let id = try call.id("category", unknown: .categoryUnknown, what: "Category")
                do {
                    let outcome = try await project.project.removeCategory(id, by: call.account?.user ?? "local")
                    project.events.publish("labels", ["batch": .integer(outcome.batch), "count": .integer(outcome.objects.count)])
                    return .json([
                        "batch": .integer(outcome.batch), "count": .integer(outcome.objects.count), "removed": .array(outcome.removed.map { .integer($0) }),
                    ])
                } catch let error as StoreError {
                    throw Problem(error, unknown: .categoryUnknown)
                }
            },
        ]
    }

    private func change(
        _ call: Call, status: HTTPResponse.Status, _ body: (Project, CategoryChange, String) async throws -> CategoryRecord
    ) async throws -> Response {
        let project = try await services.open(call)
        let change = try Self.change(try call.json(JSONValue.self))
        do {
            let category = try await body(project.project, change, call.account?.user ?? "local")
            project.events.publish("labels", ["batch": .null, "count": 0])
            return .json(LabelJSON.value(category), status: status)
        } catch let error as StoreError {
            throw Problem(error, unknown: .categoryUnknown)
        }
    }

    /// A member that is missing stays as it is; null empties it.
    private static func change(_ body: JSONValue) throws(Problem) -> CategoryChange {
        guard case .object(let members) = body else { throw Problem(.bodyInvalid, "the body must be an object with name, parent, color or key") }
        func text(_ name: String) throws(Problem) -> String? {
            guard let value = members[name] else { return nil }
            guard let text = value.stringValue else { throw Problem(.bodyInvalid, "\(name) must be a text", field: name) }
            return text
        }
        func number(_ name: String) throws(Problem) -> Int?? {
            guard let value = members[name] else { return nil }
            if value == .null { return .some(nil) }
            guard let number = value.integerValue else { throw Problem(.bodyInvalid, "\(name) must be a whole number or null", field: name) }
            return number
        }
        var change = CategoryChange()
        change.name = try text("name")
        change.color = try text("color")
        change.parent = try number("parent").map { $0.map(Int64.init) }
        change.key = try number("key")
        return change
    }
}
