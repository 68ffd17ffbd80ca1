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
    /// When given and the image has changed since, the edit is refused instead of applied to what the person did not see.
    package var expectedRevision: Int64?

    package init(
        operation: EditOperation, image: Int64, objects: [Int64] = [], annotations: FeatureCollection = FeatureCollection(features: []),
        expectedRevision: Int64? = nil
    ) {
        (self.operation, self.image, self.objects) = (operation, image, objects)
        (self.annotations, self.expectedRevision) = (annotations, expectedRevision)
    }

    private enum CodingKeys: String, CodingKey { case operation, image, objects, annotations, expectedRevision }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let name = try container.decode(String.self, forKey: .operation)
        guard let operation = EditOperation(rawValue: name) else {
            let known = EditOperation.allCases.map(\.rawValue).joined(separator: ", ")
            throw DecodingError.dataCorruptedError(forKey: .operation, in: container, debugDescription: "\"\(name)\" is not one of \(known)")
        }
        self.operation = operation
        image = try container.decode(Int64.self, forKey: .image)
        objects = try container.decodeIfPresent([Int64].self, forKey: .objects) ?? []
        annotations = try container.decodeIfPresent(FeatureCollection.self, forKey: .annotations) ?? FeatureCollection(features: [])
        expectedRevision = try container.decodeIfPresent(Int64.self, forKey: .expectedRevision)
    }
}
