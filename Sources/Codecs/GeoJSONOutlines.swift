import Raster

/// Objects of one image as GeoJSON: polygons in image pixels, y down.
///
/// As `ship` writes it, pixel centres are whole numbers, so outlines along pixel edges lie at halves. QuPath counts from the corner of the
/// first pixel instead; its files are known by their members `objectType` and `classification`.
package enum GeoJSONOutlines {
    package enum Origin: String, Sendable, CaseIterable {
        /// As the file says itself, by who made it.
        case automatic = "auto"
        /// (0, 0) is the centre of the first pixel.
        case centre
        /// (0, 0) is the outer corner of the first pixel.
        case corner
    }

    /// A file's objects, and how many features are no areas and were left out.
    package struct Content: Sendable, Equatable {
        package var objects: [OutlinedObject] = []
        package var leftOut = 0
    }

    private struct Feature {
        var polygons: [[[Point]]] = []
        var isArea = false
        var id: String?
        var category: String?
        var score: Double?
        var isOfQuPath = false
    }

    /// Most that a coordinate may be; no image reaches so far.
    private static let largestCoordinate = 10_000_000.0

    /// Reads a FeatureCollection, a list of features, a single feature or a geometry.
    package static func read(_ bytes: [UInt8], file: String, origin: Origin = .automatic) throws(AnnotationFileError) -> Content {
        var scanner = JSONScanner(bytes, file: file)
        var features: [Feature] = []
        if try scanner.peek() == .array {
            try scanner.elements { scanner throws(AnnotationFileError) in try Self.readObject(&scanner, into: &features) }
        } else {
            try readObject(&scanner, into: &features)
        }
        try scanner.finish()
        let isOfQuPath = features.contains(where: \.isOfQuPath)
        let shift = origin == .corner || (origin == .automatic && isOfQuPath) ? -0.5 : 0
        var content = Content()
        for feature in features {
            guard feature.isArea, !feature.polygons.isEmpty else {
                content.leftOut += 1
                continue
            }
            let polygons = shift == 0 ? feature.polygons : feature.polygons.map { $0.map { $0.map { Point(x: $0.x + shift, y: $0.y + shift) } } }
            content.objects.append(OutlinedObject(shape: .polygons(polygons), id: feature.id, category: feature.category, score: feature.score))
        }
        return content
    }

    /// Whether JSON text looks like this format.
    package static func isLikely(_ bytes: [UInt8]) -> Bool {
        var scanner = JSONScanner(bytes, file: "")
        var types: Set<String> = []
        func look(_ scanner: inout JSONScanner) throws(AnnotationFileError) {
            try scanner.members { scanner, name throws(AnnotationFileError) in
                if name == "type", try scanner.peek() == .string { types.insert(try scanner.string()) } else { try scanner.skip() }
            }
        }
        do throws(AnnotationFileError) {
            if try scanner.peek() == .array { try scanner.elements { scanner throws(AnnotationFileError) in try look(&scanner) } } else { try look(&scanner) }
        } catch { return false }
        return !types.isDisjoint(with: ["FeatureCollection", "Feature", "Polygon", "MultiPolygon", "GeometryCollection"])
    }

    // MARK: Reading

    private static func readObject(_ scanner: inout JSONScanner, into features: inout [Feature]) throws(AnnotationFileError) {
        var feature = Feature()
        var type = ""
        var (hasFeatures, coordinates) = (false, 0)
        try scanner.members { scanner, name throws(AnnotationFileError) in
            switch name {
            case "type": type = try scanner.string()
            case "id": feature.id = try scanner.plainText()
            case "features":
                hasFeatures = true
                try scanner.elements { scanner throws(AnnotationFileError) in try Self.readObject(&scanner, into: &features) }
            case "geometry" where try scanner.peek() == .object: try Self.readGeometry(&scanner, into: &feature)
            case "coordinates":
                _ = try scanner.peek()
                coordinates = scanner.offset
                try scanner.skip()
            case "properties" where try scanner.peek() == .object: try Self.readProperties(&scanner, into: &feature)
            default: try scanner.skip()
            }
        }
        switch type {
        case "FeatureCollection":
            guard hasFeatures else { throw scanner.error("the FeatureCollection has no \"features\"") }
        case "Feature": features.append(feature)
        case "Polygon", "MultiPolygon":
            var inner = scanner.again(at: coordinates)
            guard coordinates > 0 else { throw scanner.error("a geometry has no \"coordinates\"") }
            try readCoordinates(&inner, type: type, into: &feature)
            features.append(feature)
        default: throw scanner.error("\"\(type.prefix(40))\" is no FeatureCollection, Feature, Polygon or MultiPolygon")
        }
    }

    private static func readGeometry(_ scanner: inout JSONScanner, into feature: inout Feature) throws(AnnotationFileError) {
        var (type, coordinates) = ("", 0)
        var geometries = 0
        try scanner.members { scanner, name throws(AnnotationFileError) in
            switch name {
            case "type": type = try scanner.string()
            case "coordinates":
                _ = try scanner.peek()
                coordinates = scanner.offset
                try scanner.skip()
            case "geometries":
                _ = try scanner.peek()
                geometries = scanner.offset
                try scanner.skip()
            default: try scanner.skip()
            }
        }
        if type == "GeometryCollection", geometries > 0 {
            var inner = scanner.again(at: geometries)
            try inner.elements { inner throws(AnnotationFileError) in try Self.readGeometry(&inner, into: &feature) }
        } else if type == "Polygon" || type == "MultiPolygon" {
            guard coordinates > 0 else { throw scanner.error("a \(type) has no \"coordinates\"") }
            var inner = scanner.again(at: coordinates)
            try readCoordinates(&inner, type: type, into: &feature)
        }
    }

    private static func readCoordinates(_ scanner: inout JSONScanner, type: String, into feature: inout Feature) throws(AnnotationFileError) {
        feature.isArea = true
        if type == "Polygon" {
            feature.polygons.append(try readPolygon(&scanner))
        } else {
            var polygons: [[[Point]]] = []
            try scanner.elements { scanner throws(AnnotationFileError) in polygons.append(try Self.readPolygon(&scanner)) }
            feature.polygons += polygons
        }
    }

    private static func readPolygon(_ scanner: inout JSONScanner) throws(AnnotationFileError) -> [[Point]] {
        var rings: [[Point]] = []
        try scanner.elements { scanner throws(AnnotationFileError) in
            var ring: [Point] = []
            try scanner.elements { scanner throws(AnnotationFileError) in
                var (x, y, count) = (0.0, 0.0, 0)
                try scanner.elements { scanner throws(AnnotationFileError) in
                    let value = try scanner.number()
                    if count == 0 { x = value } else if count == 1 { y = value }
                    count += 1
                }
                guard count >= 2, abs(x) <= largestCoordinate, abs(y) <= largestCoordinate else { throw scanner.error("a position must be x and y in image pixels") }
                ring.append(Point(x: x, y: y))
            }
            if ring.count > 1, ring.first == ring.last { ring.removeLast() }
            guard ring.count >= 3 else { throw scanner.error("a ring has \(ring.count) corners, but needs at least 3") }
            rings.append(ring)
        }
        return rings
    }

    private static func readProperties(_ scanner: inout JSONScanner, into feature: inout Feature) throws(AnnotationFileError) {
        var said: [String: String] = [:]
        try scanner.members { scanner, name throws(AnnotationFileError) in
            if name == "objectType" || name == "classification" { feature.isOfQuPath = true }
            if name == "classification", try scanner.peek() == .object {
                try scanner.members { scanner, name throws(AnnotationFileError) in
                    if name == "name", let text = try Self.text(&scanner) { said["classification"] = text } else if name != "name" { try scanner.skip() }
                }
            } else if name == "score", try scanner.peek() == .number {
                feature.score = try scanner.number()
            } else if ["classification", "category", "class", "label", "uid", "id", "name"].contains(name) {
                if let text = try Self.text(&scanner) { said[name] = text }
            } else {
                try scanner.skip()
            }
        }
        feature.category = ["classification", "category", "class", "label"].lazy.compactMap { said[$0] }.first
        feature.id = feature.id ?? ["uid", "id", "name"].lazy.compactMap { said[$0] }.first
    }

    private static func text(_ scanner: inout JSONScanner) throws(AnnotationFileError) -> String? {
        try scanner.plainText().flatMap { $0.isEmpty ? nil : $0 }
    }

    // MARK: Writing

    /// The beginning of a file; features follow, each but the first after `separator`, then `end`.
    package static let begin = Array("{\"type\":\"FeatureCollection\",\"features\":[\n".utf8)
    package static let separator = Array(",\n".utf8)
    package static let end = Array("\n]}\n".utf8)

    /// Adds one feature.
    ///
    /// - Parameters:
    ///   - polygons: rings along pixel edges, not closed, the outer one first.
    ///   - properties: in this order; one without a value is left out.
    package static func append(id: String, polygons: [[[Point]]], properties: [(name: String, value: COCOWriter.Value?)], to bytes: inout [UInt8]) {
        func put(_ text: String) { bytes += Array(text.utf8) }
        put("{\"type\":\"Feature\",\"id\":")
        JSONText.append(id, to: &bytes)
        put(",\"geometry\":{\"type\":\"\(polygons.count == 1 ? "Polygon" : "MultiPolygon")\",\"coordinates\":")
        if polygons.count != 1 { put("[") }
        for (index, rings) in polygons.enumerated() {
            if index > 0 { put(",") }
            put("[")
            for (index, ring) in rings.enumerated() {
                if index > 0 { put(",") }
                put("[")
                // Closed, as GeoJSON wants rings.
                for (index, point) in (ring + ring.prefix(1)).enumerated() {
                    put(index > 0 ? ",[" : "[")
                    JSONText.append(point.x, to: &bytes)
                    put(",")
                    JSONText.append(point.y, to: &bytes)
                    put("]")
                }
                put("]")
            }
            put("]")
        }
        if polygons.count != 1 { put("]") }
        put("},\"properties\":{")
        for (index, property) in properties.filter({ $0.value != nil }).enumerated() {
            if index > 0 { put(",") }
            JSONText.append(property.name, to: &bytes)
            put(":")
            property.value?.append(to: &bytes)
        }
        put("}}")
    }
}

extension JSONScanner {
    /// The same file, to be read from a place passed before.
    fileprivate func again(at offset: Int) -> JSONScanner {
        var copy = self
        copy.move(to: offset)
        return copy
    }
}
