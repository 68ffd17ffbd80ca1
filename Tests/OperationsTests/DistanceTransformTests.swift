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
