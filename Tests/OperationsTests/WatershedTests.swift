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
