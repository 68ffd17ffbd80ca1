import Codecs
import HTTPTypes
import Hummingbird
import NIOCore
import Pyramid
import Raster

/// The pyramid of an image in the addresses of Deep Zoom, as OpenSeadragon, libvips and others read it.
struct DeepZoomRoutes: RouteGroup {
    let services: Services

    var routes: [Route] {
        let image = Route.project + "/blobs/{image}"
        return [
            Route(
                .get, image + ".dzi", "Deep Zoom description of the image.", answers: [.bytes(["application/xml"], "The description.")],
                problems: [.imageUnknown, .imageUnreadable, .fileMissing]
            ) { call in
                let pyramid = try await services.pyramid(call)
                let xml = Self.description(format: "jpg", tileSize: pyramid.tileSize, width: pyramid.width, height: pyramid.height)
                return Response.bytes(
                    Array(xml.utf8), type: "application/xml", etag: "\"\(pyramid.name)-\(pyramid.byteCount)-dzi\"", cache: "no-cache", call: call)
            },
            Route(
                .get, image + "_files/{level}/{tile}.jpg", "A tile by Deep Zoom's numbers, column_row; level 0 is one pixel.",
                answers: [.bytes(["image/jpeg"], "The tile."), .notModified], problems: [.imageUnknown, .imageUnreadable, .tileUnknown, .fileMissing],
                isQuiet: true, handle: tile),
        ]
    }

    @Sendable func tile(_ call: Call) async throws -> Response {
        let pyramid = try await services.pyramid(call)
        let (steps, x, y) = try Self.place(call, width: pyramid.width, height: pyramid.height)
        let z = pyramid.levels - 1 - steps
        let known = z < 0 ? x == 0 && y == 0 : pyramid.tileRange(z: z, x: x, y: y) != nil
        guard known else { throw Problem(.tileUnknown, "level \(call.parameter("level")) has no tile \(x)_\(y)") }
        let etag = "\"\(pyramid.name)-\(pyramid.byteCount)-dz\(steps)-\(x)-\(y)\""
        // Levels smaller than one tile are made from that tile.
        let bytes = try await services.work.run {
            if z >= 0 { return try pyramid.tile(z: z, x: x, y: y) ?? [] }
            let unit = 1 << steps
            let whole = Rect(x: 0, y: 0, width: pyramid.width, height: pyramid.height)
            return try JPEGWriter.encode(
                try pyramid.region(whole, width: (pyramid.width + unit - 1) / unit, height: (pyramid.height + unit - 1) / unit), quality: 85)
        }
        return Response.bytes(bytes, type: "image/jpeg", etag: etag, cache: "no-cache", call: call)
    }

    static func description(format: String, tileSize: Int, width: Int, height: Int) -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="\(format)" Overlap="0" TileSize="\(tileSize)"><Size Width="\(width)" Height="\(height)"/></Image>

        """
    }

    /// Halvings from the native level, column and row of the address.
    static func place(_ call: Call, width: Int, height: Int) throws(Problem) -> (steps: Int, x: Int, y: Int) {
        let top = topLevel(width: width, height: height)
        let place = call.parameter("tile").split(separator: "_", omittingEmptySubsequences: false).map { TileRequest.number($0) }
        guard let level = TileRequest.number(Substring(call.parameter("level"))), level <= top, place.count == 2, let x = place[0], let y = place[1] else {
            throw Problem(.tileUnknown, "\(call.parameter("level").prefix(20))/\(call.parameter("tile").prefix(40)) is no tile; they are named level/column_row")
        }
        return (top - level, x, y)
    }

    /// Number of halvings, each rounded up, until one pixel is left.
    private static func topLevel(width: Int, height: Int) -> Int {
        var (side, level) = (max(width, height), 0)
        while side > 1 { (side, level) = ((side + 1) / 2, level + 1) }
        return level
    }
}
