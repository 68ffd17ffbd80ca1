import Raster

/// What happens to objects that lie in a hole of another object, such as pellets inside an aggregate's outline.
public enum NestedPolicy: String, Sendable, CaseIterable, Codable {
    /// The enclosing object is kept; what lies inside is counted in `innerCount` and rejected.
    case outermost
    /// Every object is kept; `parent` tells what encloses it.
    case all
    /// Only objects that lie inside another are kept.
    case innerOnly
}

/// What happens to objects that touch the edge of the frame.
public enum BorderRule: String, Sendable, CaseIterable, Codable {
    case keep
    /// Kept; the sides are noted in `touches` (as they always are).
    case flag
    case drop
}

/// Why a segment is not an object.
public enum RejectRule: String, Sendable, CaseIterable, Codable {
    case tooSmall, tooLarge, touchesBorder, nestedInside, notInner
}

/// Which components of a mask become objects.
public struct RegionRules: Sendable, Hashable {
    public var connectivity: Connectivity
    /// Smallest and largest number of foreground pixels, both allowed.
    public var minArea: Int
    public var maxArea: Int?
    public var nested: NestedPolicy
    public var border: BorderRule

    public init(
        connectivity: Connectivity = .eight, minArea: Int = 1, maxArea: Int? = nil, nested: NestedPolicy = .outermost,
        border: BorderRule = .keep
    ) {
        (self.connectivity, self.minArea, self.maxArea, self.nested, self.border) = (connectivity, minArea, maxArea, nested, border)
    }
}

/// One component with what the rules say about it.
public struct ExtractedRegion: Sendable, Hashable {
    /// Foreground in its tight box, in image coordinates.
    public let mask: Mask
    /// Number of foreground pixels, holes not counted.
    public let area: Int
    /// Index, in the same list, of the nearest enclosing region that passed the rules of size and border.
    public let parent: Int?
    /// How many regions that passed those rules lie inside, at any depth.
    public let innerCount: Int
    public let touches: BorderSides
    /// The rule that drops it; nil when it is kept.
    public let reject: RejectRule?

    public init(mask: Mask, area: Int, parent: Int?, innerCount: Int, touches: BorderSides, reject: RejectRule?) {
        (self.mask, self.area, self.parent, self.innerCount, self.touches, self.reject) = (mask, area, parent, innerCount, touches, reject)
    }
}

extension Mask {
    /// All components, kept and rejected, in raster order of their first pixels; their counts add up.
    ///
    /// Rules apply in this order: size, border, nesting. A region is *inside* another when it lies in one of its holes
    /// (the background is joined by edges when objects are joined by corners, and the other way round). Regions that
    /// size or border dropped enclose nothing: a dropped ring around the whole field takes no object with it, and
    /// specks too small to be objects are not counted as inner ones.
    /// - Parameter area: where objects may be, which must hold the whole foreground; nil is the frame, `bounds`. A region touches a side when
    ///   the pixel next to one of its pixels, on that side, is outside: at a slanted or round limit too.
    /// - Complexity: linear in runs and rows.
    public func regions(_ rules: RegionRules, area: Mask? = nil) -> [ExtractedRegion] {
        guard !runs.isEmpty else { return [] }
        let labelled = RunLabels(runs, connectivity: rules.connectivity)
        let masks = Mask.grouped(runs, by: labelled.labels, count: labelled.count)
        let areas = masks.map(\.area)
        let limit = area.map(AreaLimit.init)
        let sides = masks.map { limit?.sides(of: $0) ?? BorderSides(of: $0.bounds, in: bounds) }
        var rejects: [RejectRule?] = masks.indices.map { index in
            if areas[index] < rules.minArea { return .tooSmall }
            if let most = rules.maxArea, areas[index] > most { return .tooLarge }
            return rules.border == .drop && !sides[index].isEmpty ? .touchesBorder : nil
        }
        // Without holes (runs − contacts = components − holes) nothing is nested.
        var parents = [Int?](repeating: nil, count: masks.count)
        if rules.connectivity == .four || runs.count - labelled.contacts < labelled.count {
            parents = enclosing(labelled, connectivity: rules.connectivity)
        }
        var inner = [Int](repeating: 0, count: masks.count)
        for index in masks.indices {
            // Parents come first in raster order, so theirs are already resolved.
            if let parent = parents[index], rejects[parent] != nil { parents[index] = parents[parent] }
            guard rejects[index] == nil else { continue }
            var above = parents[index]
            while let parent = above {
                inner[parent] += 1
                above = parents[parent]
            }
        }
        for index in masks.indices where rejects[index] == nil {
            switch rules.nested {
            case .outermost: if parents[index] != nil { rejects[index] = .nestedInside }
            case .innerOnly: if parents[index] == nil { rejects[index] = .notInner }
            case .all: break
            }
        }
        return masks.indices.map {
            ExtractedRegion(
                mask: masks[$0], area: areas[$0], parent: parents[$0], innerCount: inner[$0], touches: sides[$0], reject: rejects[$0])
        }
    }

    /// Component in whose hole each component lies.
    private func enclosing(_ labelled: RunLabels, connectivity: Connectivity) -> [Int?] {
        let ground = Background(of: runs, connectivity: connectivity.complement)
        // The pixel left of a component's first pixel belongs to what surrounds it, for foreground and background alike.
        var around = [Int?](repeating: nil, count: ground.labels.count)
        var seen = [Bool](repeating: false, count: ground.labels.count)
        seen[0] = true
        for (index, run) in ground.runs.enumerated() {
            let label = Int(ground.labels.labels[index])
            if seen[label] { continue }
            seen[label] = true
            around[label] = Int(labelled.labels[index - Int(run.y - ground.top) - 1])
        }
        var parents = [Int?](repeating: nil, count: labelled.count)
        var next = 0
        for (index, run) in runs.enumerated() where Int(labelled.labels[index]) == next {
            parents[next] = around[Int(ground.labels.labels[ground.index(leftOf: index, y: run.y)])]
            next += 1
        }
        return parents
    }
}

extension BorderSides {
    /// Sides of `frame` that `box` reaches.
    public init(of box: Rect, in frame: Rect) {
        var sides: BorderSides = []
        if box.x <= frame.x { sides.insert(.left) }
        if box.y <= frame.y { sides.insert(.top) }
        if box.maxX >= frame.maxX { sides.insert(.right) }
        if box.maxY >= frame.maxY { sides.insert(.bottom) }
        self = sides
    }
}
