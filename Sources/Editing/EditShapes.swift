import Operations
import Raster

/// What an edit does to masks, before anything is stored.
package struct EditShapes: Equatable, Sendable {
    /// Indices of the given masks that go.
    package var retired: [Int] = []
    /// New objects, tight, in raster order of their first pixel.
    package var created: [Mask] = []
    /// Given masks that change and keep their identity.
    package var revised: [Int: Mask] = [:]

    /// Applies `request` to the masks of its objects.
    ///
    /// - Parameters:
    ///   - masks: one a requested object, in the order of `request.objects`.
    ///   - frame: the image; nothing is drawn outside.
    package init(_ request: EditRequest, masks: [Mask], frame: Rect) throws(EditError) {
        let operation = request.operation
        precondition(masks.count == request.objects.count, "\(masks.count) masks for \(request.objects.count) objects")
        func needObjects(_ least: Int) throws(EditError) {
            if Set(request.objects).count < least { throw .needsObjects(operation, least: least) }
        }
        switch operation {
        case .draw:
            created = try EditShapes.shapes(request, frame: frame)
        case .delete:
            try needObjects(1)
            retired = Array(masks.indices)
        case .merge:
            try needObjects(2)
            let lines = request.annotations.features.isEmpty ? [] : try EditShapes.shapes(request, frame: frame)
            retired = Array(masks.indices)
            created = [Mask.union(of: masks + lines).tight]
        case .split:
            try needObjects(1)
            let seeds = EditShapes.seeds(request)
            guard seeds.count >= 2 else { throw .needsAnnotations(operation, what: "at least two points or lines, one in each part") }
            for (index, mask) in masks.enumerated() {
                let parts = mask.split(nearestTo: seeds).filter { !$0.isEmpty }.map(\.tight)
                guard parts.count >= 2 else { continue }
                retired.append(index)
                created += parts
            }
            if retired.isEmpty { throw .nothingChanges(operation, why: "all pixels are nearest to one of the points; put one point in each part") }
        case .cut:
            try needObjects(1)
            let pen = Mask.union(of: try EditShapes.shapes(request, frame: frame))
            for (index, mask) in masks.enumerated() {
                let parts = mask.subtracting(pen).components(connectivity: .eight)
                guard parts.count >= 2 else { continue }
                retired.append(index)
                created += parts.map(\.tight)
            }
            if retired.isEmpty { throw .nothingChanges(operation, why: "the line does not separate the object; draw it from side to side") }
        case .add, .erase, .replace:
            try needObjects(1)
            let shape = Mask.union(of: try EditShapes.shapes(request, frame: frame))
            for (index, mask) in masks.enumerated() {
                let changed =
                    switch operation {
                    case .add: mask.union(shape)
                    case .erase: mask.subtracting(shape)
                    default: shape
                    }
                if changed.isEmpty { throw .nothingLeft(operation) }
                if changed.runs != mask.runs { revised[index] = changed.tight }
            }
            if revised.isEmpty { throw .nothingChanges(operation, why: "the object has that shape already") }
        case .fill:
            try needObjects(1)
            for (index, mask) in masks.enumerated() {
                let filled = mask.filledHoles()
                if filled.runs != mask.runs { revised[index] = filled.tight }
            }
            if revised.isEmpty { throw .nothingChanges(operation, why: "the object has no holes") }
        }
        created.sort { first, second in
            guard let a = first.runs.first, let b = second.runs.first else { return second.runs.first != nil }
            return a < b
        }
    }

    /// One mask for each drawn feature, clipped to the frame.
    private static func shapes(_ request: EditRequest, frame: Rect) throws(EditError) -> [Mask] {
        guard !request.annotations.features.isEmpty else {
            throw .needsAnnotations(request.operation, what: request.operation == .cut ? "a line" : "a drawn shape")
        }
        var masks: [Mask] = []
        for feature in request.annotations.features {
            // One pixel thin lines would leave corner contacts; two pixels separate and connect.
            let width = min(max(feature.properties.width ?? 2, 1), 2_000)
            let mask: Mask =
                switch feature.geometry {
                case .polygon(let rings): Mask.polygon(rings, bounds: frame)
                case .multiPolygon(let polygons): Mask.union(of: polygons.map { Mask.polygon($0, bounds: frame) })
                case .lineString(let points): Mask.line(points, width: width, bounds: frame)
                case .point(let point): Mask.line([point], width: width, bounds: frame)
                case .multiPoint(let points): Mask.union(of: points.map { Mask.line([$0], width: width, bounds: frame) })
                }
            if mask.isEmpty { throw .outsideImage(request.operation) }
            masks.append(mask.tight)
        }
        return masks
    }

    /// Points and lines that pixels are drawn to.
    private static func seeds(_ request: EditRequest) -> [[Point]] {
        request.annotations.features.flatMap { feature -> [[Point]] in
            switch feature.geometry {
            case .point(let point): [[point]]
            case .multiPoint(let points): points.map { [$0] }
            case .lineString(let points): [points]
            case .polygon(let rings): rings
            case .multiPolygon(let polygons): polygons.flatMap { $0 }
            }
        }
    }
}
