import Operations
import Raster
import Testing

private func disks(_ centers: [(Int, Int)], radius: Int, width: Int, height: Int) -> Mask {
    var plain = PlainMask(width: width, height: height)
    for y in 0..<height { for x in 0..<width { plain[x, y] = centers.contains { ($0.0 - x) * ($0.0 - x) + ($0.1 - y) * ($0.1 - y) <= radius * radius } } }
    return plain.mask
}

@Test func `touching disks are separated, a single one is not`() {
    let mask = disks([(20, 20), (50, 22), (76, 36)], radius: 17, width: 100, height: 60)
    let parts = mask.separated()
    #expect(parts.count == 3 && Mask.union(of: parts).runs == mask.runs && parts.reduce(0) { $0 + $1.area } == mask.area)
    #expect(disks([(20, 20)], radius: 15, width: 40, height: 40).separated().count == 1)
    #expect(Mask("..").separated().isEmpty && Mask("#").separated() == [Mask("#")])
}

@Test func `flooding stays in the mask and gives each marker its side`() {
    let mask = Mask("#######", "###.###", "#######")
    let markers = [Mask("#......").clipped(to: Rect(x: 0, y: 0, width: 7, height: 3)), Mask("......#").clipped(to: Rect(x: 0, y: 0, width: 7, height: 3))]
    let parts = mask.watershed(heights: Image(width: 7, height: 3, repeating: 0), markers: markers)
    #expect(parts[0].area + parts[1].area == mask.area && abs(parts[0].area - parts[1].area) <= 2)
    #expect(mask.watershed(heights: Image(width: 7, height: 3, repeating: 0), markers: []).isEmpty)
}

@Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
func `parts of real objects equal scikit-image's pixel by pixel`() throws {
    for row in try SharedData.table("oracle/split.csv") where row["kind"]!.hasPrefix("watershed") {
        let labels = try SharedData.image("oracle/split/" + row["label_png"]!).gray8()
        let mask = labels.mask(brighterThan: 0)
        let (x0, y0) = (Int(row["col0"]!)!, Int(row["row0"]!)!)
        let markers = row["annotations_row_col_global"]!.split(separator: ";").map { part in
            let numbers = part.split(separator: ",").map { Int($0)! }
            return Mask(tightSortedRuns: [Run(y: numbers[0] - y0, first: numbers[1] - x0, last: numbers[1] - x0)])
        }
        // Ranks of distances: whole numbers in the same order as the reference's square roots.
        let heights = mask.squaredDistances().mapped { -$0 }
        let parts = mask.watershed(heights: heights, markers: markers, connectivity: row["kind"]!.hasSuffix("1") ? .four : .eight)
        for (index, part) in parts.enumerated() {
            let theirs = labels.mask(brighterThan: UInt8(index)).subtracting(labels.mask(brighterThan: UInt8(index + 1)))
            #expect(part.runs == theirs.runs, "\(row["label_png"]!) part \(index + 1)")
        }
    }
}

/// Areas, Σ (x + 2 y) and Σ (x y mod 31) of the four parts by scikit-image 0.26: many equal heights and markers of many pixels.
@Test(arguments: [
    (false, Connectivity.four, [385, 149, 257, 33], [18545, 3495, 11179, 1831], [5233, 2064, 3763, 485]),
    (false, .eight, [334, 138, 313, 39], [15394, 3494, 14030, 2132], [4516, 1958, 4508, 563]),
    (true, .four, [301, 151, 190, 182], [16146, 3459, 7380, 8065], [3961, 2055, 2615, 2914]),
    (true, .eight, [272, 117, 156, 279], [14369, 2626, 5696, 12359], [3603, 1549, 2162, 4231]),
])
func `equal heights and markers flood as in scikit-image`(cone: Bool, connectivity: Connectivity, areas: [Int], sums: [Int], rests: [Int]) {
    func drawn(_ keep: (Int, Int) -> Bool) -> Mask { PlainMask(width: 40, height: 24).map(keep).mask }
    let mask = drawn { x, y in (x * x * 3 + y * y * 5 + x * y * 2) % 13 < 11 }
    let heights = Image<Int32>(width: 40, height: 24, pixels: (0..<960).map { index in
        let (x, y) = (index % 40, index / 40)
        return Int32(cone ? abs(x - 20) / 3 + abs(y - 12) / 4 : (x * 7 + y * 11 + x * y) % 6)
    })
    let markers = (0..<4).map { label in drawn { x, y in (x / 4 + y / 3) % 5 == 0 && (x * y) % 3 == 0 && (x / 8 + y / 8) % 4 == label } }
    let parts = mask.watershed(heights: heights, markers: markers, connectivity: connectivity)
    func sum(_ part: Mask, _ value: (Int, Int) -> Int) -> Int {
        part.runs.reduce(0) { total, run in (Int(run.first)...Int(run.last)).reduce(total) { $0 + value($1, Int(run.y)) } }
    }
    #expect(parts.map(\.area) == areas)
    #expect(parts.map { sum($0) { $0 + 2 * $1 } } == sums)
    #expect(parts.map { sum($0) { $0 * $1 % 31 } } == rests)
}

@Test func `parts that are too small stay with their neighbours, and nothing gets lost`() {
    // A large disk, with a small one at its side and a speck apart.
    let mask = disks([(30, 30), (54, 30)], radius: 17, width: 100, height: 60).union(disks([(78, 30)], radius: 8, width: 100, height: 60))
        .union(disks([(95, 5)], radius: 2, width: 100, height: 60))
    let all = mask.separated(depth: 0.5)
    #expect(all.count == 4)
    for minArea in [50, 300, 2000, 100_000] {
        let parts = mask.separated(depth: 0.5, minArea: minArea)
        #expect(Mask.union(of: parts).runs == mask.runs && parts.reduce(0) { $0 + $1.area } == mask.area)
        // What is connected to nothing else stays, however small.
        #expect(parts.filter { $0.area < minArea }.allSatisfy { part in mask.components(connectivity: .eight).contains { $0.runs == part.runs } })
    }
    #expect(mask.separated(depth: 0.5, minArea: 50).count == 4)
    #expect(mask.separated(depth: 0.5, minArea: 300).count == 3)
}

@Test func `markers divide what they reach, one part each`() {
    let mask = disks([(20, 20), (50, 22)], radius: 17, width: 90, height: 60)
    func dot(_ x: Int, _ y: Int) -> Mask { Mask(tightSortedRuns: [Run(y: y, first: x, last: x)]) }
    let parts = mask.separated(markers: [dot(20, 20), dot(85, 55), dot(50, 22)])
    #expect(parts.count == 3 && parts[1].isEmpty && parts[0].area + parts[2].area == mask.area)
    #expect(parts[0].contains(x: 10, y: 20) && parts[2].contains(x: 60, y: 22))
}

@Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
func `separating real objects from markers gives scikit-image's parts`() throws {
    for row in try SharedData.table("oracle/split.csv") where row["kind"]!.hasPrefix("watershed") {
        let labels = try SharedData.image("oracle/split/" + row["label_png"]!).gray8()
        let (x0, y0) = (Int(row["col0"]!)!, Int(row["row0"]!)!)
        // Where the object lies in its image.
        let mask = labels.mask(brighterThan: 0).translated(x: x0, y: y0)
        let markers = row["annotations_row_col_global"]!.split(separator: ";").map { part in
            let numbers = part.split(separator: ",").map { Int($0)! }
            return Mask(tightSortedRuns: [Run(y: numbers[0], first: numbers[1], last: numbers[1])])
        }
        let parts = mask.separated(markers: markers, connectivity: row["kind"]!.hasSuffix("1") ? .four : .eight)
        for (index, part) in parts.enumerated() {
            let theirs = labels.mask(brighterThan: UInt8(index)).subtracting(labels.mask(brighterThan: UInt8(index + 1))).translated(x: x0, y: y0)
            #expect(Double(part.intersection(theirs).area) >= 0.97 * Double(part.union(theirs).area), "\(row["label_png"]!) part \(index + 1)")
        }
    }
}
