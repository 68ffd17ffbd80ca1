import Nodes
import Testing

@Suite struct StitchGuessTests {
    private func cell(_ row: Int, _ column: Int) -> StitchPrior.Cell { .init(row: row, column: column) }

    private func orders(_ count: Int) -> [StitchGuess] {
        var found: [StitchGuess] = []
        StitchGuess.forEachOrder(count: count) { found.append($0) }
        return found
    }

    @Test func `all orders are there, each once, and all give every frame its own place`() {
        let all = orders(6)
        func words(_ cells: [StitchPrior.Cell]) -> String? { all.first { $0.cells == cells }?.words }
        let snake = [cell(0, 0), cell(0, 1), cell(0, 2), cell(1, 2), cell(1, 1), cell(1, 0)]
        #expect(words(snake) == "row by row, to and fro, 3 in a row, in the order of the names")
        let upward = [cell(2, 0), cell(1, 0), cell(0, 0), cell(2, 1), cell(1, 1), cell(0, 1)]
        #expect(words(upward) == "column by column, from below, 3 in a column, in the order of the names")
        #expect(all.contains { $0.cells == (0..<6).map { cell(0, 5 - $0) } } && all.contains { $0.cells == (0..<6).map { cell($0, 0) } })
        #expect(Set(all.map(\.words)).count == all.count && all.allSatisfy { Set($0.cells).count == 6 })
        #expect(orders(0).isEmpty && orders(1).isEmpty && orders(2).count == 4)
        // An incomplete last row.
        #expect(all.contains { !$0.isWhole && $0.words.hasPrefix("row by row, 4 in a row") } && all.contains { $0.isWhole && $0.words.hasPrefix("row by row, 3 in a row") })
    }

    @Test func `what is seen of pairs tells the right order from others`() throws {
        // Three rows of two, to and fro: right, below, left, below, right; nothing was seen of the pair in the middle.
        let seen: [SIMD2<Int>: StitchGuess.Side?] = [SIMD2(0, 1): .right, SIMD2(1, 2): .below, SIMD2(2, 3): nil, SIMD2(3, 4): .below, SIMD2(4, 5): .right]
        let right = try #require(orders(6).first { $0.words.hasPrefix("row by row, to and fro, 2 in a row") })
        let (said, other) = (right.count(seen), orders(6).first { $0.words.hasPrefix("row by row, 6 in a row") }?.count(seen))
        #expect(said.agree == 4 && said.differ == 0 && said.missing == 1)
        let wrong = try #require(other)
        #expect(wrong.agree == 2 && wrong.differ == 2 && wrong.missing == 1)
        #expect(right.side(0, 3) == .below && right.side(3, 0) == .above && right.side(0, 2) == nil && right.side(3, 2) == .right)
        #expect(Set(right.crossing(count: 9)) == [SIMD2(0, 3), SIMD2(2, 5)] && right.crossing(count: 1).count == 1)
    }

    @Test func `rows and columns of names may mean something else`() {
        let named = [cell(0, 0), cell(0, 1), cell(1, 0), cell(1, 1), cell(2, 0), cell(2, 1)]
        let all = StitchGuess.variants(named)
        func words(_ cells: [StitchPrior.Cell]) -> String? { all.first { $0.cells == cells }?.words }
        #expect(words(named.map { cell($0.column, $0.row) }) == "by the numbers in the names, rows and columns swapped")
        #expect(words(named.map { cell(2 - $0.row, $0.column) }) == "by the numbers in the names, rows counted from below")
        #expect(words([cell(0, 0), cell(0, 1), cell(1, 1), cell(1, 0), cell(2, 0), cell(2, 1)]) == "by the numbers in the names, every second row from the right")
        #expect(!all.contains { $0.cells == named })
    }
}
