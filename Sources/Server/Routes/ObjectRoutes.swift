import Codecs
import Editing
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Nodes
import Operations
import Pipeline
import Pyramid
import Raster
import Store

/// The objects of a project: lists, one with its outline, what lies under the pointer, masks, vignettes, measured columns.
struct ObjectRoutes: RouteGroup {
    let services: Services

    var routes: [Route] {
        let path = Route.project + "/objects"
        return [
            Route(
                .get, path, "Objects, page by page.",
                query: ObjectQuery.parameters + [
                    .init(name: "box", schema: .string, help: "x,y,width,height: only those whose box touches it; needs blob."),
                    .init(name: "ids", schema: .string, help: "Only these, with commas."),
                    .init(name: "cursor", schema: .string, help: "`next` of the page before."),
                    .init(name: "limit", schema: .integer, help: "At most so many; 200."),
                ],
                answers: [.json(.object(["objects": .array(.ref("Object")), "next?": .string, "total?": .integer]), "Objects.")],
                problems: [.queryInvalid, .imageUnknown, .objectUnknown, .valueInvalid], handle: list),
            Route(
                .get, path + "/at", "The smallest object at a point of an image.",
                query: [
                    .init(name: "blob", schema: .integer, help: "The image."), .init(name: "x", schema: .number, help: "In image pixels."),
                    .init(name: "y", schema: .number, help: "In image pixels."),
                    .init(name: "kind", schema: .choice(OverlayRoutes.Kind.allCases.map(\.rawValue)), help: "region, with `rule` reject."),
                    .init(name: "rule", schema: .string, help: "Only what these rules dropped, with commas."), OverlayRoutes.hidingSteps,
                ],
                answers: [.json(.object(["object": Schema.ref("Object").nullable]), "The object, or null.")], problems: [.queryInvalid, .imageUnknown, .imageUnreadable],
                isQuiet: true, handle: at),
            Route(
                .post, path + "/within", "The objects inside a polygon of an image, with all their pixels or, touching, with at least one.",
                body: .json(
                    .object([
                        "image": .integer, "geometry": .anyObject.described("GeoJSON Polygon or MultiPolygon in image pixels."), "touching?": .boolean,
                        "kind?": .choice(OverlayRoutes.Kind.allCases.map(\.rawValue)),
                    ])),
                answers: [.json(.object(["ids": .array(.integer)]), "Their ids, ascending.")], problems: [.imageUnknown, .imageUnreadable, .valueInvalid],
                isQuiet: true, handle: within),
            Route(.get, path + "/{object}", "An object with its outline.", answers: [.json(.ref("Object"), "The object.")], problems: [.objectUnknown], handle: show),
            Route(
                .get, path + "/{object}/vignette", "The picture of an object, as the pipeline's export makes it: cut from the image, and what vignette nodes draw.",
                query: [
                    .init(name: "padding", schema: .integer, help: "Margin in image pixels, 0 to 500; as the pipeline has it, or 10."),
                    .init(name: "rank", schema: .integer, help: "Which of the object's pictures, from 0, where the export takes several; 0."),
                    .init(name: "size", schema: .integer, help: "Longest side at most, 16 to 2048; 512."),
                ],
                answers: [.bytes(["image/jpeg"], "The picture."), .notModified], problems: [.objectUnknown, .imageUnknown, .imageUnreadable, .queryInvalid],
                isQuiet: true, handle: vignette),
            Route(
                .get, Route.project + "/masks/{object}.png", "The mask of an object as 1-bit PNG of its box.",
                query: [.init(name: "color", schema: .string, help: "RRGGBB of the foreground; the background is transparent.")],
                answers: [.bytes(["image/png"], "The mask."), .notModified], problems: [.objectUnknown, .queryInvalid], isQuiet: true, handle: mask),
            Route(
                .get, Route.project + "/measures", "The measured columns, with units and definitions.",
                answers: [
                    .json(
                        .object([
                            "columns": .array(
                                .object(["name": .string, "unit": .string, "title": .string, "definition": .string, "source": .string, "node": .string]))
                        ]), "In their order.")
                ]
            ) { call in
                let columns = try await services.open(call).project.measureColumns()
                return .json([
                    "columns": .array(
                        columns.map {
                            [
                                "name": .string($0.name), "unit": .string($0.unit), "title": .string($0.title), "definition": .string($0.definition),
                                "source": .string($0.source), "node": .string($0.node),
                            ]
                        })
                ])
            },
        ]
    }

    @Sendable func list(_ call: Call) async throws -> Response {
        let project = try await services.open(call).project
        var query = try await ObjectQuery(call, project)
        query.cursor = call.target.query["cursor"].flatMap { $0.isEmpty ? nil : $0 }
        query.limit = try call.integer("limit", in: 1...1000) ?? 200
        let page = try await ObjectQuery.asked { () async throws(StoreError) in try await project.objects(query) }
        var members: [String: JSONValue] = ["objects": .array(page.items.map { ObjectJSON.value($0) })]
        if let next = page.next { members["next"] = .string(next) }
        if let total = page.total { members["total"] = .integer(total) }
        return .json(.object(members))
    }

    @Sendable func at(_ call: Call) async throws -> Response {
        let project = try await services.open(call).project
        guard let blob = try call.integer("blob", in: 1...Int.max), let x = try call.number("x"), let y = try call.number("y"), abs(x) < 1e9, abs(y) < 1e9 else {
            throw Problem(.queryInvalid, "blob, x or y is missing; give the image and the point in image pixels")
        }
        let image = Int64(blob)
        let filter = try OverlayRoutes.filter(call)
        // Pixel centres lie at whole numbers.
        let (column, row) = (Int(x.rounded()), Int(y.rounded()))
        let without = OverlayRoutes.without(call)
        let hidden: Set<ObjectID> = without.isEmpty ? [] : Set(try await OverlayRoutes.objects(of: without, try await services.open(call), image: image))
        if let present = try await services.open(call).objects.objects(of: image) {
            guard let id = present.map.objects(atX: column, y: row, filter).first(where: { !hidden.contains($0) }), let mask = present.map.mask(of: id), let object = try await project.object(id) else {
                return .json(["object": .null])
            }
            return .json(["object": ObjectJSON.value(object, outline: try await services.work.run { ObjectJSON.outline(of: mask) })])
        }
        // Too many to be in memory.
        var masks: [StoredMask] = []
        for kind in [ObjectKind.region, .reject] where filter.kinds.contains(kind.rawValue) {
            masks += try await project.masks(atX: column, y: row, image: image, kind: kind).filter { mask in filter.rules.map { $0.contains(mask.rule ?? "") } ?? true }
        }
        masks.removeAll { hidden.contains($0.object) }
        let candidates = masks.sorted { ($0.area, $0.object) < ($1.area, $1.object) }
        let hit = try await services.work.run { candidates.first { $0.shown.contains(x: column, y: row) } }
        guard let hit, let object = try await project.object(hit.object) else { return .json(["object": .null]) }
        return .json(["object": ObjectJSON.value(object, outline: ObjectJSON.outline(of: hit.shown))])
    }

    private struct Within: Decodable {
        var image: Int64
        var geometry: Geometry
        var touching: Bool?
        var kind: String?
    }

    @Sendable func within(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let body = try call.json(Within.self)
        guard let kind = OverlayRoutes.Kind(rawValue: body.kind ?? "region") else {
            throw Problem(.valueInvalid, "kind is \"\(body.kind?.prefix(20) ?? "")\" but must be region, reject or all", field: "kind")
        }
        let polygons: [[[Point]]]
        switch body.geometry {
        case .polygon(let rings): polygons = [rings]
        case .multiPolygon(let parts): polygons = parts
        default: throw Problem(.valueInvalid, "the geometry must be a Polygon or a MultiPolygon in image pixels", field: "geometry")
        }
        guard let present = try await project.objects.objects(of: body.image) else {
            throw Problem(.valueInvalid, "the objects of image \(body.image) are too many to be chosen by a polygon; choose them by a box of GET …/objects")
        }
        let kinds: Set<String> = kind == .all ? [ObjectKind.region.rawValue, ObjectKind.reject.rawValue] : [kind.rawValue]
        let touching = body.touching ?? false
        let ids = try await services.work.run {
            let native = present.layout.levels[present.layout.levels.count - 1]
            let frame = Rect(x: 0, y: 0, width: native.width, height: native.height)
            let area = polygons.map { Mask.polygon($0, bounds: frame) }.reduce(Mask(bounds: frame, sortedRuns: [])) { $0.isEmpty ? $1 : $0.union($1) }
            return present.map.objects(in: area, touching: touching, ObjectMap.Filter(kinds: kinds))
        }
        // A hundred thousand numbers: written at once, not one value after the other.
        var headers = HTTPFields()
        headers[.contentType] = "application/json"
        let text = "{\"ids\":[\(ids.map(String.init).joined(separator: ","))]}"
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    @Sendable func show(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let object = try await find(call, project)
        guard let mask = try await project.project.mask(object.id) else { return .json(ObjectJSON.value(object)) }
        let outline = try await services.work.run { ObjectJSON.outline(of: mask.shown) }
        return .json(ObjectJSON.value(object, outline: outline))
    }

    @Sendable func mask(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let id = try call.id("object", unknown: .objectUnknown, what: "Object")
        let color = try call.color("color")
        guard let mask = try await project.project.mask(id) else { throw Self.unknown(id) }
        // What is damaged is not passed on as a picture.
        _ = try mask.decoded()
        let etag = "\"\(id)-\(mask.revision)-\(color.map { "\($0)" } ?? "")\""
        return try .bytes(
            try color.map { try MaskPNG.recolored(mask.png, color: $0) } ?? mask.png, type: "image/png", etag: etag, cache: "private, no-cache", call: call)
    }

    @Sendable func vignette(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let object = try await find(call, project)
        let plan = try? await project.pipeline.plan()
        let image = try await project.project.image(object.image)
        let drawn = plan.flatMap { VignetteSources(showing: $0, realm: image?.realm ?? "") }
        let rank = try call.integer("rank", in: 0...1000) ?? 0
        guard rank < max(1, drawn?.count ?? 1) else {
            throw Problem(.queryInvalid, "the export makes \(drawn?.count ?? 1) pictures of each object, so rank is at most \((drawn?.count ?? 1) - 1)", field: "rank")
        }
        let padding = try call.integer("padding", in: 0...500) ?? drawn?.margin(rank) ?? 10
        let size = try call.integer("size", in: 16...2048) ?? 512
        var isCorrected = drawn != nil && image.flatMap { plan?.correctedEnd(of: $0) } == drawn?.image(rank)
        // A project that can only be read shows the original where nobody has looked at the corrected image before.
        if isCorrected, project.project.isReadOnly { isCorrected = (try? await project.pyramids.correctedFile(of: object.image)) != nil }
        let steps = drawn?.steps(rank) ?? []
        let state = steps.isEmpty && !isCorrected ? "" : "-" + VignetteState.tag(drawn?.state(rank) ?? "", isCorrected: isCorrected)
        let etag = "\"\(object.uid)-\(object.maskRevision)-\(padding)-\(size)\(state)\""
        var headers = HTTPFields()
        headers[.eTag] = etag
        headers[.cacheControl] = "no-cache"
        if EntityTag.matches(etag, call.headers) { return Response(status: .notModified, headers: headers) }
        let pyramid = isCorrected ? try await project.pyramids.correctedFile(of: object.image) : try await project.pyramids.file(of: object.image)
        let box = Rect(
            minX: object.box.x - padding, minY: object.box.y - padding, maxX: object.box.maxX + padding, maxY: object.box.maxY + padding
        ).intersection(Rect(x: 0, y: 0, width: pyramid.width, height: pyramid.height))
        guard !box.isEmpty else { throw Problem(.imageUnreadable, "object \(object.id) lies outside its image; run `ship check` on the project") }
        headers[.contentType] = "image/jpeg"
        let stored = steps.isEmpty ? nil : try await project.project.mask(object.id)
        let pixelSize = image?.pixelSize
        do {
            let scale = min(1, Double(size) / Double(max(box.width, box.height)))
            let (width, height) = (max(1, Int(Double(box.width) * scale)), max(1, Int(Double(box.height) * scale)))
            let bytes = try await services.work.run {
                var picture = VignettePicture(pixels: try pyramid.region(box, width: width, height: height), mask: Mask(bounds: box, sortedRuns: []), pixelSize: nil)
                if let stored {
                    // Of large objects the picture is made smaller first: lines and letters keep their width on the screen.
                    let factor = max(1, Double(box.width) / Double(width))
                    picture.mask = stored.shown.reduced(by: factor, origin: Point(x: Double(box.x), y: Double(box.y)), bounds: picture.pixels.bounds)
                    picture.pixelSize = pixelSize.map { $0 * factor }
                    for step in steps { step.draw(on: &picture) }
                }
                return try JPEGWriter.encode(picture.pixels, quality: 90)
            }
            return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        } catch let error as CodecError {
            throw Problem(.imageUnreadable, "\(error)")
        }
    }

    private func find(_ call: Call, _ project: OpenProject) async throws -> ObjectRecord {
        let id = try call.id("object", unknown: .objectUnknown, what: "Object")
        guard let object = try await project.project.object(id), object.kind != .image else { throw Self.unknown(id) }
        return object
    }

    private static func unknown(_ id: Int64) -> Problem {
        Problem(.objectUnknown, "there is no object \(id) in this project; reload the list")
    }
}
