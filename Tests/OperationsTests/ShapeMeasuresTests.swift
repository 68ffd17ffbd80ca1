import Foundation
import Operations
import Raster
import Testing

private func value(_ name: String, _ mask: Mask, pixelSize: Double? = nil) -> Double? {
    guard let measures = ShapeMeasures(mask), let index = ShapeMeasures.columns.firstIndex(where: { $0.name == name }) else { return nil }
    return measures.values(pixelSize: pixelSize)[index]
}

@Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
func `shape measures equal scikit-image's region properties on real pictures`() throws {
    let direct = [
        "area", "area_bbox", "area_convex", "area_filled", "axis_major_length", "axis_minor_length", "eccentricity", "orientation",
        "perimeter", "perimeter_crofton", "solidity", "extent", "euler_number", "equivalent_diameter_area", "feret_diameter_max",
    ]
    let renamed = [
        "bbox_min_x": "bbox-1", "bbox_min_y": "bbox-0", "bbox_max_x": "bbox-3", "bbox_max_y": "bbox-2", "centroid_x": "centroid-1",
        "centroid_y": "centroid-0",
    ]
    let pairs = direct.map { ($0, $0) } + renamed.map { ($0.key, $0.value) }
    var objects = 0
    for item in try SharedData.cases() {
        let rows = try SharedData.table("oracle/regionprops/\(item.name).csv")
        let masks = item.mask.components().filter { $0.area >= Int(item.row["min_area"]!)! }
        try #require(masks.count == rows.count)
        for (mask, row) in zip(masks, rows) {
            let measures = try #require(ShapeMeasures(mask))
            let values = Dictionary(uniqueKeysWithValues: zip(ShapeMeasures.columns.map(\.name), measures.values()))
            for (ours, theirs) in pairs {
                var expected = Double(row[theirs]!)!
                // The same direction; see ShapeMoments.orientation.
                if ours == "orientation", agree(expected, -.pi / 2) { expected = .pi / 2 }
                let found = values[ours]! ?? .nan
                #expect(agree(found, expected, relative: 1e-6, tiny: 1e-7), "\(item.name) \(row["label"]!) \(ours): \(found), not \(expected)")
            }
            let moments = MomentMeasures(measures.moments)
            let extra = Dictionary(uniqueKeysWithValues: zip(MomentMeasures.columns.map(\.name), moments.values()))
            for index in 0..<7 {
                // Higher invariants of symmetric objects are differences of nearly equal numbers, so their own size counts.
                let size = pow(Double(row["moments_hu-0"]!)!, Double([1, 2, 3, 3, 6, 4, 6][index]))
                let (found, expected) = (extra["moments_hu_\(index)"]!!, Double(row["moments_hu-\(index)"]!)!)
                #expect(agree(found, expected, tiny: 1e-9 * size), "\(item.name) \(row["label"]!) hu \(index): \(found), not \(expected)")
            }
            for index in 0..<2 {
                let (found, expected) = (extra["inertia_tensor_eigvals_\(index)"]!!, Double(row["inertia_tensor_eigvals-\(index)"]!)!)
                #expect(agree(found, expected, tiny: 1e-7))
            }
            objects += 1
        }
    }
    #expect(objects > 1500)
}

@Test func `a single pixel has finite values or none`() {
    let pixel = Mask("#")
    #expect(value("area", pixel) == 1 && value("perimeter", pixel) == 0 && value("circularity", pixel) == nil)
    #expect(value("axis_major_length", pixel) == 0 && value("elongation", pixel) == nil && value("angle", pixel) == nil)
    #expect(value("area_convex", pixel) == 1 && value("feret_diameter_max", pixel) == 1 && value("eccentricity", pixel) == 0)
}

@Test func `a line one pixel wide has no minor axis`() {
    let line = Mask("#####")
    #expect(value("axis_minor_length", line) == 0 && value("eccentricity", line) == 1 && value("elongation", line) == nil)
    #expect(value("angle", line) == 0 && value("area_convex", line) == 5)
    #expect(value("angle", Mask("#", "#", "#")) == 90)
    #expect(value("angle", Mask("..#", ".#.", "#..")) == 45 && value("angle", Mask("#..", ".#.", "..#")) == 135)
}

@Test func `the empty mask has no measures`() {
    #expect(ShapeMeasures(Mask("..")) == nil && MomentMeasures(Mask("..")) == nil)
}

@Test func `no measure is infinite or not a number, whatever the mask`() {
    for mask in drawnMasks() {
        guard let measures = ShapeMeasures(mask) else { continue }
        for value in measures.values(pixelSize: 0.5) + MomentMeasures(measures.moments).values() { #expect(value?.isFinite ?? true) }
    }
}

@Test func `position and padding change only what tells the position`() throws {
    let positional: Set = ["bbox_min_x", "bbox_min_y", "bbox_max_x", "bbox_max_y", "centroid_x", "centroid_y"]
    for mask in drawnMasks() where !mask.isEmpty {
        let moved = Mask(bounds: Rect(x: 0, y: 0, width: 9000, height: 9000), sortedRuns: mask.translated(x: 7777, y: 5000).runs)
        let (a, b) = (try #require(ShapeMeasures(mask)).values(pixelSize: 2), try #require(ShapeMeasures(moved)).values(pixelSize: 2))
        for (index, column) in ShapeMeasures.columns.enumerated() where !positional.contains(column.name) { #expect(a[index] == b[index], "\(column.name)") }
    }
}

@Test func `the pixel size changes µm columns only, and without one they are empty`() {
    let mask = Mask(".##.", "####", "####")
    let measures = ShapeMeasures(mask)!
    let (none, one, two) = (measures.values(), measures.values(pixelSize: 1), measures.values(pixelSize: 2))
    for (index, column) in ShapeMeasures.columns.enumerated() {
        switch column.unit {
        case .micrometres: #expect(none[index] == nil && two[index] == one[index]! * 2)
        case .squareMicrometres: #expect(none[index] == nil && two[index] == one[index]! * 4)
        default: #expect(none[index] == one[index] && one[index] == two[index])
        }
    }
    #expect(ShapeMeasures.columns.contains { $0.name == "area_um2" } && ShapeMeasures.columns.contains { $0.name == "esd_um" })
    #expect(measures.values(pixelSize: 0) == none && measures.values(pixelSize: -.infinity) == none)
}

@Test func `column names are unique`() {
    let names = (ShapeMeasures.columns + MomentMeasures.columns + GrayMeasures.columns).map(\.name)
    #expect(Set(names).count == names.count)
}

@Test func `hull and Feret diameters equal trying all pairs and directions`() throws {
    for mask in drawnMasks(seed: 11) where !mask.isEmpty && mask.bounds.area < 3000 {
        let measures = try #require(ShapeMeasures(mask))
        let plain = PlainMask(mask)
        // A pixel lies in the hull when no line through two diamond corners has it alone on one side.
        var corners: [(Int, Int)] = []
        for y in 0..<plain.height { for x in 0..<plain.width where plain[x, y] { corners += [(2 * x - 1, 2 * y), (2 * x + 1, 2 * y), (2 * x, 2 * y - 1), (2 * x, 2 * y + 1)] } }
        let hull = giftWrapped(corners)
        var convex: [(Int, Int)] = []
        for y in 0..<plain.height {
            for x in 0..<plain.width where hull.indices.allSatisfy({ side(hull[$0], hull[($0 + 1) % hull.count], (2 * x, 2 * y)) >= 0 }) {
                convex += [(2 * x - 1, 2 * y), (2 * x + 1, 2 * y), (2 * x, 2 * y - 1), (2 * x, 2 * y + 1)]
            }
        }
        #expect(measures.areaConvex == convex.count / 4)
        let outer = giftWrapped(convex)
        var largest = 0.0
        for a in outer { for b in outer { largest = max(largest, Double((a.0 - b.0) * (a.0 - b.0) + (a.1 - b.1) * (a.1 - b.1))) } }
        #expect(agree(measures.feretDiameterMax, largest.squareRoot() / 2))
        var smallest = Double.infinity
        for index in outer.indices {
            let (a, b) = (outer[index], outer[(index + 1) % outer.count])
            let length = Double((a.0 - b.0) * (a.0 - b.0) + (a.1 - b.1) * (a.1 - b.1)).squareRoot()
            smallest = min(smallest, outer.map { Double(abs(side(a, b, $0))) / length }.max()!)
        }
        #expect(agree(measures.feretDiameterMin, smallest / 2))
    }
}

private func side(_ a: (Int, Int), _ b: (Int, Int), _ c: (Int, Int)) -> Int { (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0) }

/// Corners of the convex hull, all points on the same side of each edge.
private func giftWrapped(_ points: [(Int, Int)]) -> [(Int, Int)] {
    let start = points.min { $0 < $1 }!
    var hull = [start]
    while true {
        var next = points.first { $0 != hull.last! }!
        for point in points where point != hull.last! {
            let turn = side(hull.last!, next, point)
            func distance(_ p: (Int, Int)) -> Int { (p.0 - hull.last!.0) * (p.0 - hull.last!.0) + (p.1 - hull.last!.1) * (p.1 - hull.last!.1) }
            if turn < 0 || (turn == 0 && distance(point) > distance(next)) { next = point }
        }
        if next == start { return hull }
        hull.append(next)
    }
}
