import Codecs
import Raster
import Testing

struct BitRasterTests {
    @Test(arguments: [0, 1, 3])
    func `runs set every pixel that covers one of theirs`(shift: Int) {
        var random = Drawn.Random(5)
        var runs: [Run] = []
        for y in 3..<60 {
            let first = random.below(150)
            runs.append(Run(y: y, first: first, last: first + random.below(60)))
        }
        let mask = Mask(tightSortedRuns: runs)
        let origin = (x: 4, y: 1)
        var raster = BitRaster(width: 19, height: 6)
        raster.add(mask, shift: shift, origin: origin)
        for y in 0..<raster.height {
            for x in 0..<raster.width {
                let size = 1 << shift
                var covered = false
                for sy in ((y + origin.y) * size)..<((y + origin.y + 1) * size) {
                    for sx in ((x + origin.x) * size)..<((x + origin.x + 1) * size) where mask.contains(x: sx, y: sy) { covered = true }
                }
                #expect(raster[x, y] == covered)
            }
        }
    }

    @Test func `a raster gives its runs back`() {
        let mask = Mask("#.##", "....", "####")
        var raster = BitRaster(width: 4, height: 3)
        raster.add(mask)
        #expect(raster.mask() == mask)
        #expect(BitRaster(width: 0, height: 0).mask().isEmpty)
    }
}
