import Operations
import Raster
import Testing

private func pixels(_ mask: Mask) -> [(x: Int, y: Int)] {
    mask.runs.flatMap { run in (Int(run.first)...Int(run.last)).map { ($0, Int(run.y)) } }
}

/// Index of the first seed with a nearest pixel.
private func owner(_ x: Int, _ y: Int, _ seeds: [[(x: Int, y: Int)]]) -> Int? {
    var best: (distance: Int, label: Int)?
    for (label, seed) in seeds.enumerated() {
        for pixel in seed {
            let distance = (pixel.x - x) * (pixel.x - x) + (pixel.y - y) * (pixel.y - y)
            if best == nil || distance < best!.distance { best = (distance, label) }
        }
    }
    return best?.label
}

@Test func `every pixel goes to the seed with the nearest pixel, of equal ones to the first`() {
    var random = Random(seed: 31)
    for mask in drawnMasks(seed: 17) where mask.bounds.area < 3000 {
        for count in [1, 2, 7] {
            // On a coarse grid ties are many; some seeds overlap, are empty or lie outside.
            let seeds = (0..<count).map { index in
                index == 5 ? Mask(bounds: Rect(x: 0, y: 0, width: 0, height: 0), sortedRuns: []) : Mask.full(
                    Rect(
                        x: 4 * Int.random(in: -2...15, using: &random), y: 4 * Int.random(in: -2...8, using: &random),
                        width: Int.random(in: 1...5, using: &random), height: Int.random(in: 1...3, using: &random)))
            }
            let parts = mask.voronoi(seeds: seeds)
            let plain = seeds.map(pixels)
            #expect(parts.count == count && Mask.union(of: parts).runs == mask.runs)
            for (label, part) in parts.enumerated() {
                #expect(Mask(bounds: part.bounds, joining: part.runs) == part)
                for pixel in pixels(part) { #expect(owner(pixel.x, pixel.y, plain) == label) }
            }
            let frame = Rect(x: -6, y: -3, width: 30, height: 20)
            let labels = LabelImage.voronoi(frame, seeds: seeds)
            for y in 0..<frame.height {
                for x in 0..<frame.width { #expect(Int(labels[x, y]) == owner(x + frame.x, y + frame.y, plain)! + 1) }
            }
        }
    }
}

@Test func `points as seeds give the same cells as single pixels`() {
    let places = [(3, 4), (20, 5), (11, 11), (20, 5), (4, 18), (27, 19)]
    let frame = Rect(x: 0, y: 0, width: 33, height: 24)
    let points = places.map { [Point(x: Double($0.0), y: Double($0.1))] }
    let single = places.map { Mask(tightSortedRuns: [Run(y: $0.1, first: $0.0, last: $0.0)]) }
    #expect(LabelImage.voronoi(frame, seeds: points) == LabelImage.voronoi(frame, seeds: single))
}

@Test func `without seeds no pixel has an owner`() {
    let frame = Rect(x: 0, y: 0, width: 3, height: 2)
    #expect(LabelImage.voronoi(frame, seeds: [Mask]()) == LabelImage(width: 3, height: 2, repeating: 0))
    #expect(LabelImage.voronoi(frame, seeds: [[Point]]()) == LabelImage(width: 3, height: 2, repeating: 0))
    #expect(Mask("##").voronoi(seeds: [Mask(".")]).map(\.area) == [0] && Mask("..").voronoi(seeds: [Mask("#")]).map(\.area) == [0])
    #expect(LabelImage.voronoi(Rect(x: 0, y: 0, width: 0, height: 5), seeds: [Mask("#")]).isEmpty)
}
