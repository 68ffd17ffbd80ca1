import Operations
import Raster

/// What can be done to segments; the raw value is what `POST …/edits` takes and the history stores.
package enum EditOperation: String, Codable, Sendable, CaseIterable {
    /// New objects from polygons or pen lines.
    case draw
    /// The objects are gone (undo brings them back).
    case delete
    /// One object from several; lines add their pixels, to connect what lies apart.
    case merge
    /// Each pixel of the object goes to the nearest point or line.
    case split
    /// The pixels under the line go, and what falls apart becomes objects of its own.
    case cut
    /// Polygons or pen lines become part of the object.
    case add
    /// Polygons or pen lines are taken away from the object.
    case erase
    /// Holes become part of the object.
    case fill
    /// The object gets the shape of the polygon.
    case replace
    /// The outline is rounded off.
    case smooth
    /// Bodies that touch become objects of their own, by watershed.
    case separate

    /// In the history list.
    package var pastTense: String {
        switch self {
        case .draw: "Drew"
        case .delete: "Deleted"
        case .merge: "Merged"
        case .split: "Split"
        case .cut: "Cut"
        case .add: "Added to"
        case .erase: "Erased from"
        case .fill: "Filled holes of"
        case .replace: "Redrew"
        case .smooth: "Smoothed"
        case .separate: "Separated"
        }
    }
}

/// Numbers that some operations take.
package struct EditParameters: Codable, Sendable, Equatable {
    /// Of `smooth`: of the disk in pixels.
    package var radius = 2
    /// Of `separate`: least depth of a neck between two bodies, in pixels.
    package var depth = 1.0
    /// Of `separate`: smaller parts stay with their neighbours, px².
    package var minArea = 0
    /// Of `separate`: whether pixels that touch at a corner are connected (8) or not (4).
    package var connectivity = 8

    package init() {}
    private enum CodingKeys: String, CodingKey { case radius, depth, minArea, connectivity }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func whole(_ key: CodingKeys, in range: ClosedRange<Int>, _ what: String) throws -> Int? {
            guard let value = try container.decodeIfPresent(Int.self, forKey: key) else { return nil }
            guard range.contains(value) else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: "\(key.stringValue) is \(value) but must be from \(range.lowerBound) to \(range.upperBound): \(what)")
            }
            return value
        }
        radius = try whole(.radius, in: 1...Mask.largestSmoothingRadius, "the radius in pixels that outlines are smoothed with") ?? radius
        depth = try container.number(.depth, in: 0.01...10_000, "the least depth of a neck in pixels") ?? depth
        minArea = try whole(.minArea, in: 0...Int(Int32.max), "the smallest part in pixels") ?? minArea
        connectivity = try whole(.connectivity, in: 4...8, "4 or 8") ?? connectivity
        guard connectivity == 4 || connectivity == 8 else {
            throw DecodingError.dataCorruptedError(forKey: .connectivity, in: container, debugDescription: "\(connectivity) must be 4 or 8")
        }
    }
}

/// Body of `POST …/edits`.
package struct EditRequest: Codable, Sendable, Equatable {
    package var operation: EditOperation
    /// Id of the image.
    package var image: Int64
    /// Ids of the objects it works on.
    package var objects: [Int64]
    package var annotations: FeatureCollection
    package var parameters: EditParameters
    /// Mask revisions of objects as the person saw them; where one is another by now, the edit is refused.
    package var expected: [Int64: Int64]
    /// When given and the image has changed since, the edit is refused instead of applied to what the person did not see.
    package var expectedRevision: Int64?

    package init(
        operation: EditOperation, image: Int64, objects: [Int64] = [], annotations: FeatureCollection = FeatureCollection(features: []),
        parameters: EditParameters = EditParameters(), expected: [Int64: Int64] = [:], expectedRevision: Int64? = nil
    ) {
        (self.operation, self.image, self.objects) = (operation, image, objects)
        (self.annotations, self.parameters) = (annotations, parameters)
        (self.expected, self.expectedRevision) = (expected, expectedRevision)
    }

    private enum CodingKeys: String, CodingKey { case operation, image, objects, annotations, parameters, expected, expectedRevision }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let name = try container.decode(String.self, forKey: .operation)
        guard let operation = EditOperation(rawValue: name) else {
            let known = EditOperation.allCases.map(\.rawValue).joined(separator: ", ")
            throw DecodingError.dataCorruptedError(forKey: .operation, in: container, debugDescription: "\"\(name.prefix(40))\" is not one of \(known)")
        }
        self.operation = operation
        image = try container.decode(Int64.self, forKey: .image)
        objects = try container.decodeIfPresent([Int64].self, forKey: .objects) ?? []
        guard objects.count <= EditRequest.mostObjects else {
            throw DecodingError.dataCorruptedError(
                forKey: .objects, in: container, debugDescription: "\(objects.count) objects are more than \(EditRequest.mostObjects); edit them in parts")
        }
        annotations = try container.decodeIfPresent(FeatureCollection.self, forKey: .annotations) ?? FeatureCollection(features: [])
        parameters = try container.decodeIfPresent(EditParameters.self, forKey: .parameters) ?? EditParameters()
        expected = [:]
        for (key, revision) in try container.decodeIfPresent([String: Int64].self, forKey: .expected) ?? [:] {
            guard let id = Int64(key) else {
                throw DecodingError.dataCorruptedError(forKey: .expected, in: container, debugDescription: "\"\(key.prefix(40))\" is not the id of an object")
            }
            expected[id] = revision
        }
        expectedRevision = try container.decodeIfPresent(Int64.self, forKey: .expectedRevision)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(operation, forKey: .operation)
        try container.encode(image, forKey: .image)
        try container.encode(objects, forKey: .objects)
        try container.encode(annotations, forKey: .annotations)
        if parameters != EditParameters() { try container.encode(parameters, forKey: .parameters) }
        if !expected.isEmpty {
            try container.encode(Dictionary(uniqueKeysWithValues: expected.map { (String($0.key), $0.value) }), forKey: .expected)
        }
        try container.encodeIfPresent(expectedRevision, forKey: .expectedRevision)
    }

    private static let mostObjects = 20_000
}
