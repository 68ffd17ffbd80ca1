/// Rows and columns in which frames may have been taken, to be borne out by what their overlaps show.
package struct StitchGuess: Sendable, Equatable {
    /// Where a frame lies, seen from another.
    package enum Side: Sendable, CaseIterable {
        case right, left, below, above

        var opposite: Side {
            switch self {
            case .right: .left
            case .left: .right
            case .below: .above
            case .above: .below
            }
        }
    }

    /// For the sentence that says what was taken; continues “the frames lie …”.
    package let words: String
    package let cells: [StitchPrior.Cell]

    /// Calls `body` with all orders in which that many frames may follow each other: in rows or columns of any length, to and fro or not, from
    /// each corner.
    package static func forEachOrder(count: Int, _ body: (StitchGuess) -> Void) {
        guard count >= 2 else { return }
        // Scans of more than that in a row have rows and columns in their names.
        for length in Array(2...max(2, min(count, 400))) + (count > 400 ? [count] : []) {
            let isOneLine = length == count
            for inColumns in [false, true] {
                for toAndFro in isOneLine ? [false] : [false, true] {
                    for fromRight in isOneLine && inColumns ? [false] : [false, true] {
                        for fromBelow in isOneLine && !inColumns ? [false] : [false, true] {
                            body(order(count, length, inColumns, toAndFro, fromRight, fromBelow))
                        }
                    }
                }
            }
        }
    }

    private static func order(_ count: Int, _ length: Int, _ inColumns: Bool, _ toAndFro: Bool, _ fromRight: Bool, _ fromBelow: Bool) -> StitchGuess {
        let lines = (count + length - 1) / length
        let (columns, rows) = inColumns ? (lines, length) : (length, lines)
        let cells = (0..<count).map { index -> StitchPrior.Cell in
            let line = index / length
            let place = toAndFro && line % 2 == 1 ? length - 1 - index % length : index % length
            let (row, column) = inColumns ? (place, line) : (line, place)
            return .init(row: fromBelow ? rows - 1 - row : row, column: fromRight ? columns - 1 - column : column)
        }
        let corner = [fromRight ? "from the right" : nil, fromBelow ? "from below" : nil].compactMap(\.self).joined(separator: " and ")
        let way = (inColumns ? "column by column" : "row by row") + (toAndFro ? ", to and fro" : "") + (corner.isEmpty ? "" : ", \(corner)")
        return StitchGuess(words: "\(way), \(length) in a \(inColumns ? "column" : "row"), in the order of the names", cells: cells)
    }

    /// Other meanings that rows and columns of names may have: swapped, counted from the other side, or to and fro.
    package static func variants(_ named: [StitchPrior.Cell]) -> [StitchGuess] {
        var found: [StitchGuess] = []
        for swaps in [false, true] {
            let cells = swaps ? named.map { StitchPrior.Cell(row: $0.column, column: $0.row) } : named
            let (lastRow, lastColumn) = (cells.map(\.row).max() ?? 0, cells.map(\.column).max() ?? 0)
            for turn in ["", "every second row from the right", "every second column from below"] {
                for fromRight in [false, true] {
                    for fromBelow in [false, true] {
                        let words = [
                            swaps ? "rows and columns swapped" : nil, fromRight ? "columns counted from the right" : nil, fromBelow ? "rows counted from below" : nil,
                            turn.isEmpty ? nil : turn,
                        ].compactMap(\.self)
                        if words.isEmpty { continue }
                        found.append(
                            StitchGuess(
                                words: "by the numbers in the names, " + words.joined(separator: ", "),
                                cells: cells.map { cell in
                                    let column = turn.hasSuffix("right") && cell.row % 2 == 1 ? lastColumn - cell.column : cell.column
                                    let row = turn.hasSuffix("below") && cell.column % 2 == 1 ? lastRow - cell.row : cell.row
                                    return .init(row: fromBelow ? lastRow - row : row, column: fromRight ? lastColumn - column : column)
                                }))
                    }
                }
            }
        }
        return found
    }

    /// Where the second frame lies, seen from the first, if at its side; nil if not.
    package func side(_ first: Int, _ second: Int) -> Side? {
        switch (cells[second].row - cells[first].row, cells[second].column - cells[first].column) {
        case (0, 1): .right
        case (0, -1): .left
        case (1, 0): .below
        case (-1, 0): .above
        default: nil
        }
    }

    /// What pairs of frames that were looked at say to the guess: `agree` lie as it has them, `differ` otherwise, and in `missing` nothing is seen of the
    /// overlap that it implies.
    ///
    /// - Parameter seen: where the second of two frames was seen to lie; nil where nothing was.
    package func count(_ seen: [SIMD2<Int>: Side?]) -> (agree: Int, differ: Int, missing: Int) {
        var (agree, differ, missing) = (0, 0, 0)
        for (pair, found) in seen {
            let said = side(pair.x, pair.y)
            if let found { if found == said { agree += 1 } else { differ += 1 } } else if said != nil { missing += 1 }
        }
        return (agree, differ, missing)
    }

    /// Whether every row is as long as every other.
    package var isWhole: Bool { Set(cells.map(\.row)).count * Set(cells.map(\.column)).count == cells.count }

    /// Pairs that the guess makes neighbours across its lines, that is not one after the other: at most `count`, from everywhere.
    package func crossing(count: Int) -> [SIMD2<Int>] {
        let places = Dictionary(cells.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { a, _ in a })
        let pairs = cells.enumerated().flatMap { index, cell in
            [(1, 0), (0, 1)].compactMap { rows, columns in
                places[.init(row: cell.row + rows, column: cell.column + columns)].flatMap { abs($0 - index) > 1 ? SIMD2(min(index, $0), max(index, $0)) : nil }
            }
        }
        guard pairs.count > count else { return pairs }
        return (0..<count).map { pairs[$0 * pairs.count / count] }
    }
}
