import Operations
import Raster

/// What an edit does to masks, before anything is stored.
package struct EditShapes: Equatable, Sendable {
    /// Indices of the given masks that go.
    package var retired: [Int] = []
    /// New objects, tight, in raster order of their first pixel.
    package var created: [Mask] = []
    /// Of each of `created`, the indices of the given masks that its pixels come from; empty: of all, or of none where it was drawn.
    package var sources: [[Int]] = []
    /// Given masks that change and keep their identity.
    package var revised: [Int: Mask] = [:]

    /// Applies `request` to the masks of its objects.
    ///
    /// - Parameters:
    ///   - masks: one a requested object, in the order of `request.objects`.
    ///   - wands: what the wands among the annotations stand for, by their place in the list.
    ///   - frame: the image; nothing is drawn outside.
    ///   - isStopped: asked before each feature and object but the first, so that thousands of them do not hold up the end of the program.
    /// - Throws: also `.stopped`.
    package init(
        _ request: EditRequest, masks: [Mask], wands: [Int: Mask] = [:], frame: Rect, isStopped: () -> Bool = { false }
    ) throws(EditError) {
        let operation = request.operation
        precondition(masks.count == request.objects.count, "\(masks.count) masks for \(request.objects.count) objects")
        let needed = operation == .merge ? 2 : operation == .draw ? 0 : 1
        if Set(request.objects).count < needed { throw .needsObjects(operation, least: needed) }
        var named = Set<Int64>()
        for id in request.objects where !named.insert(id).inserted { throw .namedTwice(id) }
        try EditShapes.checkRoles(request)
        try EditShapes.checkWands(request)
        try EditShapes.checkExtent(request, frame: frame)
        func shapes() throws(EditError) -> [Mask] { try EditShapes.shapes(request, wands: wands, frame: frame, isStopped: isStopped) }
        switch operation {
        case .draw:
            create(try shapes(), from: [])
        case .delete:
            retired = Array(masks.indices)
        case .merge:
            let lines = request.annotations.features.isEmpty ? [] : try shapes()
            retired = Array(masks.indices)
            create([Mask.union(of: masks + lines)], from: retired)
        case .split:
            try split(request, masks, isStopped: isStopped)
        case .separate:
            try separate(request, masks, frame: frame, isStopped: isStopped)
        case .cut:
            let pen = Mask.union(of: try shapes())
            for (index, mask) in masks.enumerated() {
                if index > 0, isStopped() { throw .stopped(operation) }
                let parts = Self.cut(mask, by: pen)
                guard parts.count >= 2 else { continue }
                retired.append(index)
                create(parts, from: [index])
            }
            if retired.isEmpty { throw .nothingChanges(operation, why: "the line does not separate the object; draw it from side to side") }
        case .add, .erase, .replace:
            let shape = Mask.union(of: try shapes())
            try revise(masks, operation, why: "the object has that shape already", isStopped: isStopped) { mask in
                switch operation {
                case .add: mask.union(shape)
                case .erase: mask.subtracting(shape)
                default: shape
                }
            }
        case .fill:
            try revise(masks, operation, why: "the object has no holes", isStopped: isStopped) { $0.filledHoles() }
        case .smooth:
            try revise(masks, operation, why: "the outline is as smooth as that already; take a larger radius", isStopped: isStopped) {
                $0.smoothed(radius: request.parameters.radius)
            }
        }
        let order = created.indices.sorted { first, second in
            guard let a = created[first].runs.first, let b = created[second].runs.first else { return created[second].runs.first != nil }
            return a < b
        }
        (created, sources) = (order.map { created[$0] }, order.map { sources[$0] })
    }

    /// The pieces of an object on either side of a line; one piece where the line parts nothing. What of an object hangs loose and the line does
    /// not touch is no piece of its own: it goes with the piece whose box is nearest.
    static func cut(_ mask: Mask, by pen: Mask) -> [Mask] {
        let components = mask.components(connectivity: .eight)
        let touched = components.filter { $0.intersects(pen) }
        var pieces = touched.flatMap { $0.subtracting(pen).components(connectivity: .eight) }
        guard pieces.count > touched.count, pieces.count >= 2 else { return [mask] }
        for loose in components where !loose.intersects(pen) {
            let box = loose.boundingBox
            guard let nearest = pieces.indices.min(by: { pieces[$0].boundingBox.gap(to: box) < pieces[$1].boundingBox.gap(to: box) }) else { continue }
            pieces[nearest] = pieces[nearest].union(loose)
        }
        return pieces
    }

    private mutating func create(_ masks: [Mask], from indices: [Int]) {
        created += masks.map(\.tight)
        sources += masks.map { _ in indices }
    }

    private mutating func revise(_ masks: [Mask], _ operation: EditOperation, why: String, isStopped: () -> Bool, _ change: (Mask) -> Mask) throws(EditError) {
        for (index, mask) in masks.enumerated() {
            if index > 0, isStopped() { throw .stopped(operation) }
            let changed = change(mask)
            if changed.isEmpty { throw .nothingLeft(operation) }
            if changed.runs != mask.runs { revised[index] = changed.tight }
        }
        if revised.isEmpty { throw .nothingChanges(operation, why: why) }
    }

    /// Each object, or all pixels of objects that overlap, goes to the nearest annotations; what goes to outlines is in no object afterwards.
    private mutating func split(_ request: EditRequest, _ masks: [Mask], isStopped: () -> Bool) throws(EditError) {
        let (seeds, areOutlines) = EditShapes.seeds(request)
        guard seeds.count >= 2, areOutlines.contains(false) else {
            throw .needsAnnotations(.split, what: "at least two points or lines, one in each part; outlines count for background")
        }
        for (number, group) in EditShapes.overlapping(masks).enumerated() {
            if number > 0, isStopped() { throw .stopped(.split) }
            let whole = group.count == 1 ? masks[group[0]] : Mask.union(of: group.map { masks[$0] })
            let all = whole.split(nearestTo: seeds)
            let parts = zip(all, areOutlines).filter { !$0.isEmpty && !$1 }.map(\.0)
            if parts.isEmpty { throw .nothingLeft(.split) }
            if parts.count == 1, group.count == 1 {
                // Outlines have trimmed it, and it keeps its identity; or nothing has happened.
                if parts[0].runs != whole.runs { revised[group[0]] = parts[0].tight }
                continue
            }
            retired += group
            for part in parts { create([part], from: group.count == 1 ? group : group.filter { masks[$0].intersects(part) }) }
        }
        if retired.isEmpty && revised.isEmpty {
            throw .nothingChanges(.split, why: "all pixels are nearest to one of the points; put one point in each part")
        }
    }

    private mutating func separate(_ request: EditRequest, _ masks: [Mask], frame: Rect, isStopped: () -> Bool) throws(EditError) {
        let parameters = request.parameters
        let connectivity: Connectivity = parameters.connectivity == 4 ? .four : .eight
        let markers = try EditShapes.markers(request, frame: frame)
        // Distances and markers of a watershed take some twenty bytes a pixel of the box.
        if let large = masks.first(where: { $0.boundingBox.area > EditShapes.mostSeparatedPixels }) {
            let (own, most) = (large.boundingBox.area / 1_000_000, EditShapes.mostSeparatedPixels / 1_000_000)
            throw .tooIntricate(.separate, what: "the object's box has \(own) megapixels, more than \(most); cut it first")
        }
        for (index, mask) in masks.enumerated() {
            if index > 0, isStopped() { throw .stopped(.separate) }
            let parts =
                markers.isEmpty
                ? mask.separated(depth: parameters.depth, minArea: parameters.minArea, connectivity: connectivity)
                : mask.separated(markers: markers, connectivity: connectivity).filter { !$0.isEmpty }
            guard parts.count >= 2 else { continue }
            retired.append(index)
            // Markers reach only what is connected to them; the rest must not get lost.
            let rest = markers.isEmpty ? [] : mask.subtracting(Mask.union(of: parts)).components(connectivity: connectivity)
            create(parts + rest, from: [index])
        }
        if retired.isEmpty {
            throw .nothingChanges(
                .separate, why: markers.isEmpty ? "no neck is as deep as that; take a smaller depth, or split by points" : "fewer than two of the points lie in the object")
        }
    }

    /// Indices of masks in groups of those that have pixels in common, directly or through others.
    private static func overlapping(_ masks: [Mask]) -> [[Int]] {
        var groups: [[Int]] = []
        for index in masks.indices {
            let meets = groups.indices.filter { group in
                groups[group].contains { masks[$0].boundingBox.intersects(masks[index].boundingBox) && masks[$0].intersects(masks[index]) }
            }
            let joined = meets.flatMap { groups[$0] } + [index]
            for group in meets.reversed() { groups.remove(at: group) }
            groups.append(joined)
        }
        return groups.map { $0.sorted() }
    }

    private static func checkRoles(_ request: EditRequest) throws(EditError) {
        let operation = request.operation
        let allowed: Set<Feature.Properties.Role> =
            switch operation {
            case .draw, .add, .erase, .replace: [.wand]
            case .split: [.skeleton, .outline]
            case .merge, .separate: [.skeleton]
            case .cut, .delete, .fill, .smooth: []
            }
        for feature in request.annotations.features {
            guard let role = feature.properties.role else { continue }
            guard allowed.contains(role) else {
                throw .annotationUnfit(operation, why: "a feature has the role \(role.rawValue), which means nothing here; leave the role out")
            }
            if role == .wand {
                guard case .point = feature.geometry else { throw .annotationUnfit(operation, why: "a wand is a Point; send one Point for each") }
            }
        }
    }

    private static let mostSeparatedPixels = 50_000_000
    /// Places where edges and strokes cross rows of pixels; a hand draws thousands, and each takes memory.
    private static let mostCrossings = 8_000_000.0

    /// Refuses what would take seconds and gigabytes, before anything is drawn.
    private static func checkExtent(_ request: EditRequest, frame: Rect) throws(EditError) {
        let (top, bottom) = (Double(frame.y) - 1, Double(frame.maxY) + 1)
        func rows(_ from: Point, _ to: Point) -> Double { abs(min(max(to.y, top), bottom) - min(max(from.y, top), bottom)) + 1 }
        func rows(of line: [Point], closed: Bool) -> Double {
            var sum = zip(line, line.dropFirst()).reduce(0) { $0 + rows($1.0, $1.1) }
            if closed, let first = line.first, let last = line.last { sum += rows(last, first) }
            return sum
        }
        var crossings = 0.0
        for feature in request.annotations.features {
            let width = feature.properties.width ?? 2
            switch feature.geometry {
            case .point: crossings += width
            case .multiPoint(let points): crossings += width * Double(points.count)
            case .lineString(let points): crossings += rows(of: points, closed: false) + width * Double(points.count)
            case .polygon(let rings): crossings += rings.reduce(0) { $0 + rows(of: $1, closed: true) }
            case .multiPolygon(let polygons): crossings += polygons.joined().reduce(0) { $0 + rows(of: $1, closed: true) }
            }
        }
        guard crossings <= mostCrossings else { throw .tooIntricate(request.operation, what: "the drawn shapes cross \(Int(crossings / 1_000_000)) million rows of pixels") }
    }

    /// Each wand floods up to four million pixels, so a body of thousands would take minutes; checked before any is looked at.
    static func checkWands(_ request: EditRequest) throws(EditError) {
        let wands = request.annotations.features.reduce(0) { $0 + ($1.properties.role == .wand ? 1 : 0) }
        guard wands <= mostWands else { throw .tooIntricate(request.operation, what: "the request has \(wands) wands, more than \(mostWands)") }
    }

    private static let mostWands = 100

    /// One mask for each drawn feature, clipped to the frame.
    private static func shapes(_ request: EditRequest, wands: [Int: Mask], frame: Rect, isStopped: () -> Bool) throws(EditError) -> [Mask] {
        guard !request.annotations.features.isEmpty else {
            throw .needsAnnotations(request.operation, what: request.operation == .cut ? "a line" : "a drawn shape")
        }
        var masks: [Mask] = []
        for (index, feature) in request.annotations.features.enumerated() {
            if index > 0, isStopped() { throw .stopped(request.operation) }
            // One pixel thin lines would leave corner contacts; two pixels separate and connect.
            let width = feature.properties.width ?? 2
            let mask: Mask =
                switch feature.geometry {
                case .polygon(let rings): Mask.polygon(rings, bounds: frame)
                case .multiPolygon(let polygons): Mask.union(of: polygons.map { Mask.polygon($0, bounds: frame) })
                case .lineString(let points): Mask.line(points, width: width, bounds: frame)
                case .point(let point): wands[index] ?? Mask.line([point], width: width, bounds: frame)
                case .multiPoint(let points): Mask.union(of: points.map { Mask.line([$0], width: width, bounds: frame) })
                }
            if mask.isEmpty { throw .outsideImage(request.operation) }
            masks.append(mask.tight)
        }
        return masks
    }

    /// Points and lines that pixels are drawn to, and which of them stand for background.
    private static func seeds(_ request: EditRequest) -> (points: [[Point]], areOutlines: [Bool]) {
        var points: [[Point]] = []
        var areOutlines: [Bool] = []
        for feature in request.annotations.features {
            let lines = feature.geometry.lines
            points += lines
            areOutlines += lines.map { _ in feature.properties.role == .outline }
        }
        return (points, areOutlines)
    }

    /// One mask for each point or line that floods begin at.
    private static func markers(_ request: EditRequest, frame: Rect) throws(EditError) -> [Mask] {
        var markers: [Mask] = []
        for feature in request.annotations.features {
            switch feature.geometry {
            case .point, .multiPoint, .lineString: break
            case .polygon, .multiPolygon: throw .annotationUnfit(.separate, why: "markers are points or lines; to give a shape use replace")
            }
            markers += feature.geometry.lines.map { Mask.line($0, width: feature.properties.width ?? 1, bounds: frame).tight }
        }
        return markers
    }
}

extension Rect {
    /// Squared distance between the nearest pixels of two boxes; 0 when they share one.
    fileprivate func gap(to other: Rect) -> Int {
        let x = max(0, max(x, other.x) - min(maxX, other.maxX)), y = max(0, max(y, other.y) - min(maxY, other.maxY))
        return x * x + y * y
    }
}
