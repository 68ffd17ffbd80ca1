import Raster

/// What a person drew, as GeoJSON in image pixels: pixel centres at whole numbers, y down.
package struct FeatureCollection: Codable, Sendable, Equatable {
    package var features: [Feature]
    package init(features: [Feature]) { self.features = features }

    private enum CodingKeys: String, CodingKey { case type, features }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let type = try container.decode(String.self, forKey: .type)
        guard type == "FeatureCollection" else {
            throw DecodingError.dataCorruptedError(forKey: .type, in: container, debugDescription: "\"\(type)\" is not a FeatureCollection")
        }
        features = try container.decode([Feature].self, forKey: .features)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("FeatureCollection", forKey: .type)
        try container.encode(features, forKey: .features)
    }
}

package struct Feature: Codable, Sendable, Equatable {
    package struct Properties: Codable, Sendable, Equatable {
        package enum Role: String, Codable, Sendable, CaseIterable {
            /// Line inside an object.
            case skeleton
            /// Line along certain background.
            case outline
            /// Point that stands for the pixels connected to it that are about as bright.
            case wand
        }

        /// Diameter of a line's pen in pixels.
        package var width: Double?
        /// Without it the operation decides.
        package var role: Role?
        /// Of a wand: most that a pixel's gray may differ from the point's, in levels of 0 to 255; those of 16 bits are 257 each.
        package var tolerance: Double?

        package init(width: Double? = nil, role: Role? = nil, tolerance: Double? = nil) { (self.width, self.role, self.tolerance) = (width, role, tolerance) }

        private enum CodingKeys: String, CodingKey { case width, role, tolerance }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            width = try container.number(.width, in: 0.1...2_000, "the pen's diameter in pixels")
            tolerance = try container.number(.tolerance, in: 0...255, "the largest difference in gray levels")
            role = try container.decodeIfPresent(String.self, forKey: .role).map { name in
                guard let role = Role(rawValue: name) else {
                    let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
                    throw DecodingError.dataCorruptedError(forKey: .role, in: container, debugDescription: "\"\(name.prefix(40))\" is not one of \(known)")
                }
                return role
            }
        }
    }

    package var geometry: Geometry
    package var properties: Properties

    package init(_ geometry: Geometry, properties: Properties = Properties()) {
        (self.geometry, self.properties) = (geometry, properties)
    }

    private enum CodingKeys: String, CodingKey { case type, geometry, properties }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        geometry = try container.decode(Geometry.self, forKey: .geometry)
        properties = try container.decodeIfPresent(Properties.self, forKey: .properties) ?? Properties()
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("Feature", forKey: .type)
        try container.encode(geometry, forKey: .geometry)
        try container.encode(properties, forKey: .properties)
    }
}

extension KeyedDecodingContainer {
    /// A number within limits; nil when it is not given.
    func number(_ key: Key, in range: ClosedRange<Double>, _ what: String) throws -> Double? {
        guard let value = try decodeIfPresent(Double.self, forKey: key) else { return nil }
        guard range.contains(value) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "\(key.stringValue) is \(value) but must be from \(range.lowerBound) to \(range.upperBound): \(what)")
        }
        return value
    }
}

/// The GeoJSON geometries that an edit can use.
package enum Geometry: Sendable, Equatable {
    case point(Point)
    case multiPoint([Point])
    case lineString([Point])
    /// Rings; a pixel inside an odd number of them counts, so the second ring cuts a hole.
    case polygon([[Point]])
    case multiPolygon([[[Point]]])

    /// Coordinates beyond this are no image's and would only cost time.
    static let largestCoordinate = 10_000_000.0
    static let mostPoints = 200_000
}

extension Geometry: Codable {
    private enum CodingKeys: String, CodingKey { case type, coordinates }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let type = try container.decode(String.self, forKey: .type)
        func bad(_ text: String) -> DecodingError {
            DecodingError.dataCorruptedError(forKey: .coordinates, in: container, debugDescription: text)
        }
        func point(_ pair: [Double]) throws -> Point {
            guard pair.count >= 2, pair[0].isFinite, pair[1].isFinite, abs(pair[0]) <= Geometry.largestCoordinate, abs(pair[1]) <= Geometry.largestCoordinate
            else { throw bad("a position is [x, y] in image pixels") }
            return Point(x: pair[0], y: pair[1])
        }
        func line(_ pairs: [[Double]], least: Int) throws -> [Point] {
            guard pairs.count >= least else { throw bad("\(type) needs at least \(least) positions") }
            guard pairs.count <= Geometry.mostPoints else { throw bad("\(type) has more than \(Geometry.mostPoints) positions") }
            return try pairs.map(point)
        }
        func rings(_ rings: [[[Double]]]) throws -> [[Point]] {
            guard !rings.isEmpty else { throw bad("\(type) needs at least one ring") }
            return try rings.map { try line($0, least: 3) }
        }
        switch type {
        case "Point": self = .point(try point(container.decode([Double].self, forKey: .coordinates)))
        case "MultiPoint": self = .multiPoint(try line(container.decode([[Double]].self, forKey: .coordinates), least: 1))
        case "LineString": self = .lineString(try line(container.decode([[Double]].self, forKey: .coordinates), least: 2))
        case "Polygon": self = .polygon(try rings(container.decode([[[Double]]].self, forKey: .coordinates)))
        case "MultiPolygon":
            self = .multiPolygon(try container.decode([[[[Double]]]].self, forKey: .coordinates).map(rings))
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: container,
                debugDescription: "\"\(type)\" is not Point, MultiPoint, LineString, Polygon or MultiPolygon")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        func pair(_ point: Point) -> [Double] { [point.x, point.y] }
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .point(let point):
            try container.encode("Point", forKey: .type)
            try container.encode(pair(point), forKey: .coordinates)
        case .multiPoint(let points):
            try container.encode("MultiPoint", forKey: .type)
            try container.encode(points.map(pair), forKey: .coordinates)
        case .lineString(let points):
            try container.encode("LineString", forKey: .type)
            try container.encode(points.map(pair), forKey: .coordinates)
        case .polygon(let rings):
            try container.encode("Polygon", forKey: .type)
            try container.encode(rings.map { $0.map(pair) }, forKey: .coordinates)
        case .multiPolygon(let polygons):
            try container.encode("MultiPolygon", forKey: .type)
            try container.encode(polygons.map { $0.map { $0.map(pair) } }, forKey: .coordinates)
        }
    }

    /// What it is drawn from: points one by one, and lines. A ring is closed, also when its first position is not repeated.
    var lines: [[Point]] {
        switch self {
        case .point(let point): [[point]]
        case .multiPoint(let points): points.map { [$0] }
        case .lineString(let points): [points]
        case .polygon(let rings): rings.map { $0 + $0.prefix(1) }
        case .multiPolygon(let polygons): polygons.flatMap { $0 }.map { $0 + $0.prefix(1) }
        }
    }
}
