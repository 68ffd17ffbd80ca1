import Codecs
import Pyramid
import Raster
import Testing

struct OverlayTileTests {
    private func disk(_ cx: Int, _ cy: Int, _ radius: Int, in size: Rect) -> Mask {
        var runs: [Run] = []
        for y in max(0, cy - radius)...min(size.height - 1, cy + radius) {
            let half = Int(Double(radius * radius - (y - cy) * (y - cy)).squareRoot())
            let (first, last) = (max(0, cx - half), min(size.width - 1, cx + half))
            if first <= last { runs.append(Run(y: y, first: first, last: last)) }
        }
        return Mask(tightSortedRuns: runs)
    }

    /// Object after object, pixel after pixel.
    private func plain(_ masks: [Mask], _ layout: PyramidLayout, z: Int, x: Int, y: Int, outline: Int) -> [[Bool]] {
        let level = layout.levels[z]
        let size = 1 << (layout.levels.count - 1 - z)
        var result = [[Bool]](repeating: [Bool](repeating: false, count: level.width), count: level.height)
        for mask in masks {
            var own = [[Bool]](repeating: [Bool](repeating: false, count: level.width), count: level.height)
            for run in mask.runs { for column in run.first...run.last { own[Int(run.y) / size][Int(column) / size] = true } }
            var inside = own
            for _ in 0..<outline {
                let before = inside
                for row in 0..<level.height {
                    for column in 0..<level.width where before[row][column] {
                        let neighbours = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
                        inside[row][column] = neighbours.allSatisfy { $0.0 >= 0 && $0.1 >= 0 && $0.0 < level.height && $0.1 < level.width && before[$0.0][$0.1] }
                    }
                }
            }
            for row in 0..<level.height {
                for column in 0..<level.width where own[row][column] && (outline == 0 || !inside[row][column]) { result[row][column] = true }
            }
        }
        let tile = layout.tile(z: z, x: x, y: y)!
        return (0..<tile.height).map { row in (0..<tile.width).map { result[y * layout.tileSize + row][x * layout.tileSize + $0] } }
    }

    @Test(arguments: [0, 1, 2, 3])
    func `every tile of every level equals drawing pixel by pixel`(outline: Int) throws {
        let layout = PyramidLayout(width: 301, height: 203, tileSize: 64)
        let size = Rect(x: 0, y: 0, width: 301, height: 203)
        let masks = [
            disk(20, 20, 25, in: size), disk(64, 64, 10, in: size), disk(74, 64, 10, in: size), disk(150, 100, 70, in: size), disk(300, 202, 9, in: size),
            disk(130, 30, 0, in: size), Mask(tightSortedRuns: [Run(y: 128, first: 3, last: 290)]), Mask(tightSortedRuns: (10..<190).map { Run(y: $0, first: 192, last: 192) }),
        ]
        for z in 0..<layout.levels.count {
            for y in 0..<layout.levels[z].rows {
                for x in 0..<layout.levels[z].columns {
                    let drawn = try #require(
                        OverlayTile.draw(masks, layout: layout, z: z, x: x, y: y, style: outline == 0 ? .fill : .outline(width: outline)))
                    let expected = plain(masks, layout, z: z, x: x, y: y, outline: outline)
                    let bits = (0..<drawn.height).map { row in (0..<drawn.width).map { drawn[$0, row] } }
                    #expect(bits == expected, "z \(z), tile (\(x), \(y))")
                    // Objects outside the tile's region leave no trace.
                    let region = try #require(OverlayTile.region(layout, z: z, x: x, y: y, margin: outline))
                    let near = masks.filter { $0.bounds.intersects(region) }
                    #expect(OverlayTile.draw(near, layout: layout, z: z, x: x, y: y, style: outline == 0 ? .fill : .outline(width: outline)) == drawn)
                }
            }
        }
    }

    @Test func `a tile outside the image is none, an empty one is transparent`() throws {
        let layout = PyramidLayout(width: 100, height: 80, tileSize: 64)
        #expect(OverlayTile.png([Mask](), layout: layout, z: 1, x: 2, y: 0, color: 0) == nil)
        let png = try #require(OverlayTile.png([Mask](), layout: layout, z: 1, x: 1, y: 1, color: 0xFF0000))
        let mask = try MaskPNG.decode(png)
        #expect(mask.isEmpty && mask.bounds == Rect(x: 0, y: 0, width: 36, height: 16))
    }
}
