import Hummingbird
import Pipeline
import Pyramid
import Store

/// What the last run changed, over all images of a project.
struct RunComparisonRoutes: RouteGroup {
    let services: Services

    private static let image = Schema.object([
        "image": .integer, "name": .string, "from": .integer, "to": .integer, "before": .integer, "now": .integer, "unchanged": .integer, "added": .integer,
        "lost": .integer, "changed": .integer,
    ])

    var routes: [Route] {
        [
            Route(
                .get, Route.project + "/runs/compare",
                "How the objects differ after the last run from those before it, image by image in the order of their ids; images on which it changed nothing are left out.",
                query: [
                    .init(name: "after", schema: .integer, help: "`next` of the page before."),
                    .init(name: "limit", schema: .integer, help: "At most so many images, 1 to 200; 50."),
                ],
                answers: [
                    .json(
                        .object(["images": .array(Self.image), "total": .integer, "next?": .integer]),
                        "Numbers of objects, and the two states as `compare` of an image takes them; how many images there are in all.")
                ], problems: [.queryInvalid, .valueInvalid], handle: compare)
        ]
    }

    @Sendable func compare(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let limit = try call.integer("limit", in: 1...200) ?? 50
        let found = try await project.project.imagesRunAgain(after: Int64(try call.integer("after", in: 0...Int.max) ?? 0), limit: limit)
        var images: [JSONValue] = []
        for image in found.images {
            let states = try await project.project.objectStates(image: image.id).filter { !$0.isUndone }
            // An edited image has its runs in its history; of others the present objects are those of the last run.
            let last = states.firstIndex { $0.operation.hasPrefix("run") && $0.edit > 0 } ?? 0
            guard last + 1 < states.count else { continue }
            let (from, to) = (states[last + 1].edit, states[last].edit)
            let before = try await project.objects.objects(of: image.id, after: from), after = try await project.objects.objects(of: image.id, after: to)
            let difference = try await services.work.run { ObjectDifference(from: before, to: after, ObjectMap.Filter(kinds: [ObjectKind.region.rawValue])) }
            images.append([
                "image": .integer(image.id), "name": .string(image.name), "from": .integer(from), "to": .integer(to), "before": .integer(difference.counts.from),
                "now": .integer(difference.counts.to), "unchanged": .integer(difference.unchanged), "added": .integer(difference.added.count),
                "lost": .integer(difference.lost.count), "changed": .integer(difference.changed.count),
            ])
        }
        var answer: [String: JSONValue] = ["images": .array(images), "total": .integer(found.total)]
        if found.images.count == limit, let last = found.images.last { answer["next"] = .integer(last.id) }
        return .json(.object(answer))
    }
}
