import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Operations
import Pipeline
import Pyramid
import Raster
import Store

/// What sheets and plots of all objects need: whole columns, and many small pictures in one.
struct GalleryRoutes: RouteGroup {
    let services: Services

    var routes: [Route] {
        let path = Route.project + "/objects"
        return [
            Route(
                .get, path + "/columns", "Columns of all objects of a list at once.",
                query: ObjectQuery.parameters + [
                    .init(name: "names", schema: .string, help: "Columns, with commas, as in sort but for uid and rule; none. status is 0 predicted, 1 validated, 2 dubious."),
                    .init(name: "limit", schema: .integer, help: "At most so many objects, 1 to 200000; 200000."),
                ],
                answers: [.json(ObjectTableJSON.schema, "Ids, images and columns in the same order; null where an object has no value.")],
                problems: [.queryInvalid, .imageUnknown, .objectUnknown], isQuiet: true, handle: columns),
            Route(
                .get, path + "/atlas", "A contact sheet: the pictures of many objects in one JPEG, row by row in the order of the ids.",
                query: [
                    .init(name: "ids", schema: .string, help: "1 to 500 objects, with commas. The cell of one that does not exist stays empty."),
                    .init(name: "cell", schema: .integer, help: "Side of a cell in pixels, 16 to 320; 96. Objects are fitted and centred, enlarged at most twice."),
                    .init(name: "columns", schema: .integer, help: "Cells in a row, 1 to 100; 20."),
                    .init(name: "background", schema: .string, help: "RRGGBB around the pictures; FFFFFF."),
                    .init(name: "v", schema: .string, help: "Any text that changes when an object's mask does: the sheet may then be kept without asking again."),
                ],
                answers: [.bytes(["image/jpeg"], "The sheet."), .notModified], problems: [.queryInvalid, .imageUnreadable], isQuiet: true, handle: atlas),
        ]
    }

    @Sendable func columns(_ call: Call) async throws -> Response {
        let project = try await services.open(call).project
        let query = try await ObjectQuery(call, project)
        let names = (call.target.query["names"] ?? "").split(separator: ",").map(String.init)
        guard names.count <= 50, Set(names).count == names.count else {
            throw Problem(.queryInvalid, "names holds a column twice, or more than 50; ask for each once", field: "names")
        }
        let limit = try call.integer("limit", in: 1...200_000) ?? 200_000
        let table = try await ObjectQuery.asked { () async throws(StoreError) in try await project.objectTable(query, names: names, limit: limit) }
        let bytes = try await services.work.run { ObjectTableJSON.encoded(table, names: names) }
        var headers = HTTPFields()
        headers[.contentType] = "application/json"
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    @Sendable func atlas(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let ids = try ObjectQuery.ids(call, most: 500)
        guard !ids.isEmpty else { throw Problem(.queryInvalid, "ids is empty; name the objects of the sheet, with commas", field: "ids") }
        let cell = try call.integer("cell", in: 16...320) ?? 96
        let sheet = ContactSheet(
            count: ids.count, cell: cell, columns: try call.integer("columns", in: 1...100) ?? 20,
            background: try call.color("background") ?? 0xFFFFFF)
        guard sheet.height <= 65_500 else {
            throw Problem(.queryInvalid, "a sheet of \(ids.count) objects in \(sheet.columns) columns is too high; use more columns", field: "columns")
        }
        let places = try await project.project.places(ids)
        let byID = Dictionary(uniqueKeysWithValues: places.map { ($0.id, $0) })
        var hash = Fingerprint()
        for id in ids { hash.add(id, byID[id]?.revision ?? -1, byID[id]?.image ?? -1) }
        hash.add(Int64(cell), Int64(sheet.columns), Int64(sheet.background))
        let drawn = VignetteState(try? await project.pipeline.plan())
        let etag = "\"\(project.project.uid.prefix(8))-\(String(hash.value, radix: 16))\(drawn.tag)\""
        let cache = call.target.query["v"]?.isEmpty == false ? "private, max-age=86400, immutable" : "private, no-cache"
        if EntityTag.matches(etag, call.headers) { return .bytes([], type: "image/jpeg", etag: etag, cache: cache, call: call) }
        if let kept = project.sheets[etag] { return .bytes(kept.bytes, type: "image/jpeg", etag: etag, cache: cache, call: call) }
        let cuts = try await project.vignettes.pictures(of: ids.map { byID[$0] }, cell: cell, of: project)
        let masks = drawn.steps.isEmpty ? [] : try await project.project.masks(of: ids)
        let pictures = drawn.steps.isEmpty ? cuts : try await services.work.run { Self.draw(drawn.steps, on: cuts, of: ids, masks) }
        let bytes = try await services.work.run { try sheet.encoded(pictures) }
        // One that lacks a picture may be whole the next time, when the image can be read.
        let isWhole = zip(ids, pictures).allSatisfy { byID[$0] == nil || $1 != nil }
        if isWhole { project.sheets.insert(.init(revision: 0, bytes: bytes), for: etag) }
        return .bytes(bytes, type: "image/jpeg", etag: etag, cache: isWhole ? cache : "no-store", call: call)
    }

    /// The pictures with what the pipeline's vignette nodes draw on them.
    private static func draw(
        _ steps: [any VignetteStep], on cuts: [ContactSheet.Picture?], of ids: [ObjectID], _ masks: [StoredMask]
    ) -> [ContactSheet.Picture?] {
        let byID = Dictionary(uniqueKeysWithValues: masks.map { ($0.object, $0) })
        return zip(ids, cuts).map { id, cut in
            guard let picture = cut, let stored = byID[id] else { return cut }
            let pixels: AnyImage
            if picture.channels == 1 {
                pixels = .gray8(Image(width: picture.width, height: picture.height, pixels: picture.pixels))
            } else {
                pixels = .color8(
                    Image(width: picture.width, height: picture.height, pixels: (0..<(picture.width * picture.height)).map { index in
                        BGR(blue: picture.pixels[3 * index], green: picture.pixels[3 * index + 1], red: picture.pixels[3 * index + 2])
                    }))
            }
            // A picture that fits its cell without loss of detail may be enlarged by a rounding; masks are only made smaller.
            var drawn = VignettePicture(
                pixels: pixels, mask: stored.shown.reduced(by: max(1, picture.factor), origin: picture.origin, bounds: pixels.bounds),
                pixelSize: nil)
            for step in steps { step.draw(on: &drawn) }
            switch drawn.pixels {
            case .gray8(let image): return picture.redrawn(channels: 1, pixels: image.withBuffer { Array($0) })
            case .color8(let image): return picture.redrawn(channels: 3, pixels: image.withBuffer { $0.flatMap { [$0.blue, $0.green, $0.red] } })
            case .gray16, .color16: return picture  // Tiles have 8 bits.
            }
        }
    }
}
