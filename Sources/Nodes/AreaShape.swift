import Foundation
import Operations
import Pipeline
import Raster

/// Part of an image as a person drew it: GeoJSON Polygon or MultiPolygon in image pixels, centres at whole numbers, y down.
package struct AreaShape: Equatable, Sendable {
    /// All rings; a pixel inside an odd number of them counts.
    package let rings: [[Point]]

    package static let mostPoints = 20_000
    private static let largestCoordinate = 10_000_000.0

    package init(rings: [[Point]]) { self.rings = rings }

    /// The pixels of a box; the outline runs along their outer edges.
    package init(_ box: Rect) {
        let (left, top) = (Double(box.x) - 0.5, Double(box.y) - 0.5)
        let (right, bottom) = (left + Double(box.width), top + Double(box.height))
        rings = [[Point(x: left, y: top), Point(x: right, y: top), Point(x: right, y: bottom), Point(x: left, y: bottom)]]
    }

    /// - Throws: `AreaError` with what must change.
    package init(_ json: JSONValue) throws(AreaError) {
        guard let type = json["type"]?.stringValue, case .array(let coordinates)? = json["coordinates"] else {
            throw AreaError("an area is GeoJSON with type and coordinates; send a Polygon in image pixels")
        }
        let rings: [JSONValue]
        switch type {
        case "Polygon": rings = coordinates
        case "MultiPolygon": rings = coordinates.flatMap { if case .array(let polygon) = $0 { polygon } else { [JSONValue.null] } }
        default: throw AreaError("an area is a Polygon or a MultiPolygon, not \(type.prefix(40)); send one of these")
        }
        var points = 0
        var read: [[Point]] = []
        for ring in rings {
            guard case .array(let positions) = ring, positions.count >= 3 else { throw AreaError("a ring needs three positions or more; draw on") }
            points += positions.count
            guard points <= Self.mostPoints else { throw AreaError("the area has more than \(Self.mostPoints) positions; draw it with fewer") }
            var line: [Point] = []
            for position in positions {
                guard case .array(let pair) = position, pair.count >= 2, let x = pair[0].numberValue, let y = pair[1].numberValue,
                    abs(x) <= Self.largestCoordinate, abs(y) <= Self.largestCoordinate
                else { throw AreaError("a position is [x, y] in image pixels; mend the coordinates") }
                line.append(Point(x: x, y: y))
            }
            read.append(line)
        }
        guard !read.isEmpty else { throw AreaError("the area has no ring; draw one") }
        self.rings = read
    }

    /// - Parameter text: the same as JSON text.
    package init(text: String) throws(AreaError) {
        guard let json = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else {
            throw AreaError("the area is not JSON; give a GeoJSON Polygon in image pixels")
        }
        try self.init(json)
    }

    /// GeoJSON Polygon; rings are closed by repeating the first point.
    package var json: JSONValue {
        [
            "type": "Polygon",
            "coordinates": .array(rings.map { ring in
                let closed = ring.first == ring.last ? ring : ring + ring.prefix(1)
                return .array(closed.map { [.number($0.x), .number($0.y)] })
            }),
        ]
    }

    package func mask(in bounds: Rect) -> Mask { Mask.polygon(rings, bounds: bounds) }
}

/// Why something cannot be an area, and what to do.
package struct AreaError: Error, Equatable, CustomStringConvertible {
    package let description: String
    package init(_ sentence: String) { description = sentence }
}
