import Testing

import Operations

@Suite struct FrameGridTests {
    /// Frames of 100 × 80 pixels, steps of 90 and 70, a few pixels off; a pair for each two neighbours of which neither is missing.
    private func layout(_ rows: Int, _ columns: Int, missing: Set<Int> = [], stretch: Double = 0) -> (layout: FrameLayout, links: [FrameLink]) {
        var random = PlainRandom(3)
        let truth = (0..<(rows * columns)).map { index -> Displacement in
            let (row, column) = (Double(index / columns), Double(index % columns))
            return Displacement(x: 90 * column + stretch * column * row + 3 * random.unit(), y: 70 * row + 3 * random.unit())
        }
        var links: [FrameLink] = []
        for index in truth.indices where !missing.contains(index) {
            for (other, isThere) in [(index + 1, index % columns < columns - 1), (index + columns, index / columns < rows - 1)] where isThere && !missing.contains(other) {
                links.append(FrameLink(index, other, [OverlapCandidate(displacement: truth[other] - truth[index], correlation: 0.9)]))
            }
        }
        return (FrameLayout(frameCount: truth.count, links: links), links)
    }

    @Test func `rows, columns and steps are found from pairs; frames in no place have no cell`() throws {
        let (layout, links) = layout(3, 4, missing: [6, 11])
        let grid = try #require(FrameGrid(layout, links, width: 100, height: 80, origin: 0))
        for index in 0..<12 { #expect(grid.cells[index] == ([6, 11].contains(index) ? nil : .init(row: index / 4, column: index % 4)), "frame \(index)") }
        let (across, down) = (try #require(grid.across), try #require(grid.down))
        #expect(abs(across.displacement.x - 90) < 3 && abs(across.displacement.y) < 3 && abs(down.displacement.y - 70) < 3 && across.spread < 6 && down.spread < 6)
        // Seen from another frame.
        #expect(try #require(FrameGrid(layout, links, width: 100, height: 80, origin: 5)).cells[0] == .init(row: -1, column: -1))
    }

    @Test func `one row has no step down`() throws {
        let (layout, links) = layout(1, 4)
        let grid = try #require(FrameGrid(layout, links, width: 100, height: 80, origin: 0))
        #expect(grid.down == nil && grid.across != nil && grid.cells == (0..<4).map { .init(row: 0, column: $0) })
    }

    @Test func `a rectangle has every cell once, and more than one row`() {
        let whole = (0..<6).map { FrameGrid.Cell(row: 4 + $0 / 3, column: $0 % 3 - 1) }
        #expect(FrameGrid.isRectangle(whole) && FrameGrid.isRectangle(whole.reversed()))
        for cells in [[], Array(whole.dropLast()), Array(whole.prefix(3)), whole + [whole[2]], Array(whole.dropLast()) + [whole[0]]] {
            #expect(!FrameGrid.isRectangle(cells), "\(cells)")
        }
    }

    @Test func `frames that lie anyhow make no grid`() {
        #expect(FrameGrid(layout(1, 2).layout, layout(1, 2).links, width: 100, height: 80, origin: 0) == nil)
        let places = [(0, 1, 30.0, 20.0), (1, 2, 62, 51), (2, 3, 85, -3), (3, 4, 47, 38), (0, 5, 88, 4)]
        let links = places.map { FrameLink($0, $1, [OverlapCandidate(displacement: .init(x: $2, y: $3), correlation: 0.9)]) }
        #expect(FrameGrid(FrameLayout(frameCount: 6, links: links), links, width: 100, height: 80, origin: 0) == nil)
    }
}
