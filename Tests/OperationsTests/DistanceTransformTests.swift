import Operations
import Raster
import Testing

@Test(arguments: [true, false])
func `squared distances equal trying every background pixel`(outside: Bool) {
    for mask in drawnMasks() where mask.bounds.area < 2000 {
        let plain = PlainMask(mask)
        let distances = mask.squaredDistances(outsideIsBackground: outside)
        var ground: [(Int, Int)] = []
        for y in -1...plain.height { for x in -1...plain.width where !plain[x, y] {
            if outside || (x >= 0 && y >= 0 && x < plain.width && y < plain.height) { ground.append((x, y)) }
        } }
        for y in 0..<plain.height {
            for x in 0..<plain.width {
                var expected = plain[x, y] ? Int(Int32.max) : 0
                for (u, v) in ground { expected = min(expected, (u - x) * (u - x) + (v - y) * (v - y)) }
                #expect(Int(distances[x, y]) == expected)
            }
        }
    }
}

@Test func `a mask away from the corner keeps its distances`() {
    let mask = Mask("###", "###", "###").translated(x: 40, y: 70)
    #expect(mask.squaredDistances() == Image(width: 3, height: 3, pixels: [1, 1, 1, 1, 4, 1, 1, 1, 1]))
}

@Test func `wide and thin shapes keep exact distances`() {
    // Beyond the reach searched pixel by pixel, with and without background beside it.
    for (width, height) in [(40, 5), (200, 203), (500, 1), (1, 300), (420, 390)] {
        let full = Mask.full(Rect(x: 3, y: 4, width: width, height: height))
        let distances = full.squaredDistances()
        let hole = full.subtracting(Mask(tightSortedRuns: [Run(y: 4, first: 3, last: 3)])).squaredDistances(outsideIsBackground: false)
        var equal = true
        for y in 0..<height {
            for x in 0..<width {
                let nearest = min(min(x + 1, width - x), min(y + 1, height - y))
                equal = equal && Int(distances[x, y]) == nearest * nearest && Int(hole[x, y]) == x * x + y * y
            }
        }
        #expect(equal, "\(width) × \(height)")
    }
}

@Test func `distances outside equal trying every foreground pixel`() {
    for mask in drawnMasks(seed: 5) where mask.bounds.area < 1500 {
        let frame = mask.bounds.expanded(by: 9)
        let distances = mask.squaredDistancesOutside(in: frame)
        var pixels: [(Int, Int)] = []
        for run in mask.runs { for x in Int(run.first)...Int(run.last) { pixels.append((x, Int(run.y))) } }
        for y in 0..<frame.height {
            for x in 0..<frame.width {
                let nearest = pixels.map { ($0.0 - x - frame.x) * ($0.0 - x - frame.x) + ($0.1 - y - frame.y) * ($0.1 - y - frame.y) }.min()
                #expect(Int(distances[x, y]) == nearest ?? Int(Int32.max))
            }
        }
    }
}
