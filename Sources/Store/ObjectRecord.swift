import Raster

/// Row id of an object (image, region, reject …) within its project; never reused.
package typealias ObjectID = Int64

/// What an object is; stored, so never renamed.
package enum ObjectKind: String, Sendable, Codable, CaseIterable {
    case image, frame, region, reject
}

/// One object as lists and the viewer need it; the mask's bytes are read apart (`Project.mask`).
package struct ObjectRecord: Sendable, Equatable {
    package var id: ObjectID
    package var uid: String
    package var image: ObjectID
    /// Node whose run made it; nil when drawn by hand.
    package var node: String?
    package var kind: ObjectKind
    package var box: Rect
    /// Foreground pixels.
    package var area: Int
    /// Whether its present mask was made by an edit and not by a run.
    package var edited: Bool
    /// False for objects that were deleted, merged away or replaced; they stay for undo.
    package var active: Bool
    package var parent: ObjectID?
    package var nInner: Int
    /// Image borders the mask touches: 1 left, 2 top, 4 right, 8 bottom.
    package var touches: UInt8
    /// Rule that dropped it, for kind `reject`.
    package var rule: String?
    /// Number of the present mask, new with every change and never reused: fit for URLs and ETags.
    package var maskRevision: Int64
    package var label: LabelRecord?
    /// Empty unless asked for.
    package var measurements: Measurements
}

/// Values of measured columns in column order; the names are one shared array. An undefined value is nil.
package struct Measurements: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    package var names: [String]
    package var values: [Double?]

    package init(names: [String], values: [Double?]) {
        precondition(names.count == values.count, "\(values.count) values for \(names.count) measured columns")
        (self.names, self.values) = (names, values)
    }

    package init(dictionaryLiteral elements: (String, Double?)...) {
        self.init(names: elements.map(\.0), values: elements.map(\.1))
    }

    package static let none = Measurements(names: [], values: [])

    package var isEmpty: Bool { names.isEmpty }

    /// Linear search; take `values` for whole tables.
    package subscript(name: String) -> Double? {
        names.firstIndex(of: name).flatMap { values[$0] }
    }

    /// Defined values by name.
    package var dictionary: [String: Double] {
        var dictionary: [String: Double] = [:]
        for (name, value) in zip(names, values) { dictionary[name] = value }
        return dictionary
    }
}

/// One object's stored 1-bit PNG; its pixel (0, 0) is at `box.x`, `box.y` of the image.
package struct StoredMask: Sendable, Equatable {
    package var object: ObjectID
    package var kind: ObjectKind
    package var box: Rect
    package var area: Int
    package var png: [UInt8]
    /// As `ObjectRecord.maskRevision`.
    package var revision: Int64
    /// As `ObjectRecord.rule`.
    package var rule: String?
}

/// Which objects, in which order. Rejects are left out unless asked for.
package struct ObjectQuery: Sendable {
    package var image: ObjectID?
    /// Objects whose box shares a pixel with this one; needs `image`.
    package var box: Rect?
    package var kinds: Set<ObjectKind> = [.region]
    /// Only these, whatever their image.
    package var ids: [ObjectID]?
    package var edited: Bool?
    /// All of them hold.
    package var conditions: [ObjectCondition] = []
    /// One of `ObjectColumns`; objects without a value come last.
    package var sort = "id"
    /// Instead of `sort`: the most alike first, as `SimilarityRanking` says; `descending` is not looked at by `objects`.
    package var similarTo: ObjectID?
    package var descending = false
    /// `Page.next` of the page before; only valid with the same query.
    package var cursor: String?
    package var limit = 200
    package var withMeasurements = true
    /// Counting costs about 5 ms per 100,000 objects.
    package var withTotal = true

    package init(image: ObjectID? = nil) { self.image = image }

    /// Whether all objects of an image are asked for by the thousand, as exports do.
    var isOfWholeImage: Bool {
        image != nil && box == nil && ids == nil && edited == nil && conditions.isEmpty && sort == "id" && !descending && cursor == nil && limit == 1000
    }
}

/// One page of a list.
package struct Page<Element: Sendable>: Sendable {
    package var items: [Element]
    /// Cursor of the next page; nil at the end.
    package var next: String?
    /// Number of elements of the whole list, where counted.
    package var total: Int?
}
extension Page: Equatable where Element: Equatable {}
