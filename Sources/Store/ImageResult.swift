import Raster

/// One region or reject with its mask, as a run or an edit hands it over.
package struct NewRegion: Sendable {
    /// Stable identity derived by the caller from image, node and position; unique among the active objects of a project.
    package var uid: String
    package var box: Rect
    /// 1-bit PNG of `box`.
    package var png: [UInt8]
    package var area: Int
    /// Index of the enclosing segment: in an edit's `create`, or in a run's regions followed by its rejects.
    package var parentIndex: Int?
    package var nInner = 0
    /// 1 left, 2 top, 4 right, 8 bottom.
    package var touches: UInt8 = 0
    /// Every column must have been declared by `setMeasureColumns`.
    package var measurements = Measurements.none
    /// Rule that dropped it; only for rejects.
    package var rule: String?
    /// Objects of an edit that its pixels come from, for its label; empty: all that the edit names.
    package var sources: [ObjectID] = []

    package init(uid: String, box: Rect, png: [UInt8], area: Int) {
        (self.uid, self.box, self.png, self.area) = (uid, box, png, area)
    }
}

/// Everything one node made of one image.
package struct ImageResult: Sendable {
    package var image: ObjectID
    package var node: String
    /// Key of (class version, config, inputs); an equal `resultKey` means nothing has to be computed again.
    package var runKey: String
    package var regions: [NewRegion]
    /// Dropped segments with their rule.
    package var rejects: [NewRegion]
    /// True: objects made or changed by a person stay, and what a person removed stays removed. False: the run replaces them too.
    package var keepEdited = true
    package var by = "ship"
    /// By `uid`, what a file that regions were read from calls them; the caller labels them.
    package var categories: [String: NamedCategory] = [:]
    /// The slot that holds the result.
    package var slot = "regions"
    /// Of what every step made its result on this image, this node's among them; nil leaves what was noted.
    package var states: [String: String]?

    package init(image: ObjectID, node: String, runKey: String, regions: [NewRegion], rejects: [NewRegion] = []) {
        (self.image, self.node, self.runKey) = (image, node, runKey)
        (self.regions, self.rejects) = (regions, rejects)
    }
}

package struct ResultOutcome: Sendable, Equatable {
    /// Ids of `ImageResult.regions` in their order; nil where an edit by hand took precedence.
    package var regions: [ObjectID?]
    package var rejects: [ObjectID?]
    /// Objects of the former run that are no longer active.
    package var removed: [ObjectID]
    /// The history entry, when the image has a history (then the run can be undone like an edit).
    package var edit: Int64?
    package var revision: Int64
}

/// A category by its name, before it has a number in a project.
package struct NamedCategory: Hashable, Sendable {
    package var name: String
    /// Name of the category above it.
    package var parent: String?
    /// How sure, 0 to 1.
    package var score: Double?
    /// EcoTaxa's number of it.
    package var taxon: Int?

    package init(name: String, parent: String? = nil, score: Double? = nil, taxon: Int? = nil) {
        (self.name, self.parent, self.score, self.taxon) = (name, parent, score, taxon)
    }
}
