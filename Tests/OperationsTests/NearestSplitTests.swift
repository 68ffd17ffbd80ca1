import Operations
import Raster
import Testing

@Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
func `splits of real objects equal the reference pixel by pixel`() throws {
    let rows = try SharedData.table("oracle/split.csv").filter { ["point", "polyline"].contains($0["kind"]!) }
    #expect(rows.count >= 40)
    for row in rows {
        let (x0, y0) = (Int(row["col0"]!)!, Int(row["row0"]!)!)
        let labels = try SharedData.image("oracle/split/" + row["label_png"]!).gray8()
        let object = labels.mask(brighterThan: 0).translated(x: x0, y: y0)
        #expect(object.area == Int(row["component_area"]!)!)
        let annotations = row["annotations_row_col_global"]!.split(separator: ";").map { part in
            part.split(separator: " ").map { position in
                let numbers = position.split(separator: ",").map { Double($0)! }
                return Point(x: numbers[1], y: numbers[0])
            }
        }
        let parts = object.split(nearestTo: annotations)
        #expect(parts.map(\.area) == row["areas"]!.split(separator: " ").map { Int($0)! }, "\(row["label_png"]!)")
        var painted = Image<UInt8>(width: labels.width, height: labels.height, repeating: 0)
        for (index, part) in parts.enumerated() {
            for run in part.runs { for x in Int(run.first)...Int(run.last) { painted[x - x0, Int(run.y) - y0] = UInt8(index + 1) } }
        }
        #expect(painted == labels, "\(row["label_png"]!)")
    }
}

@Test func `equally near pixels go to the annotation listed first`() {
    let parts = Mask("#####").split(nearestTo: [[Point(x: 4, y: 0)], [Point(x: 0, y: 0)]])
    #expect(parts.map(\.area) == [3, 2])
}

@Test func `parts are the mask again and equal trying every annotation for every pixel`() {
    var random = Random(seed: 6)
    for mask in drawnMasks() {
        let annotations = (0..<9).map { index in
            (0..<(1 + index % 3)).map { _ in Point(x: Double(Int.random(in: -5...140, using: &random)), y: Double(Int.random(in: -5...40, using: &random))) }
        }
        let parts = mask.split(nearestTo: annotations)
        #expect(Mask.union(of: parts).runs == mask.runs && parts.reduce(0) { $0 + $1.area } == mask.area)
        for (index, part) in parts.enumerated() {
            for run in part.runs {
                for x in Int(run.first)...Int(run.last) {
                    let distances = annotations.map { squaredDistance($0, Double(x), Double(run.y)) }
                    #expect(distances.firstIndex(of: distances.min()!) == index)
                }
            }
        }
    }
}

@Test func `without annotations nothing is given away`() {
    #expect(Mask("##").split(nearestTo: []).isEmpty)
    #expect(Mask("##").split(nearestTo: [[], [Point(x: .nan, y: 0)]]).allSatisfy { $0.isEmpty })
    #expect(Mask("##").split(nearestTo: [[], [Point(x: 0, y: 0)]]).map(\.area) == [0, 2])
    #expect(Mask("..").split(nearestTo: [[Point(x: 0, y: 0)]]).map(\.area) == [0])
}

private func squaredDistance(_ points: [Point], _ x: Double, _ y: Double) -> Double {
    guard points.count > 1 else { return (y - points[0].y) * (y - points[0].y) + (x - points[0].x) * (x - points[0].x) }
    return zip(points, points.dropFirst()).map { a, b in
        let (dx, dy) = (b.x - a.x, b.y - a.y)
        let length = dy * dy + dx * dx
        let t = length > 0 ? min(max(((y - a.y) * dy + (x - a.x) * dx) / length, 0), 1) : 0
        let (v, u) = (y - a.y - t * dy, x - a.x - t * dx)
        return v * v + u * u
    }.min()!
}
