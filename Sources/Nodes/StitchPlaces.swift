import Codecs
import Foundation
import Operations

/// How frames were taken, as far as a person says or their names tell.
package enum StitchArrangement: String, Sendable, CaseIterable, Codable {
    /// By row and column in the names, stage positions or the order of the names, whichever the overlaps bear out; else unordered.
    case automatic
    /// Row and column stand in the file names.
    case names
    /// Row after row, all in the same direction, in the order of the names.
    case rows
    /// Row after row to and fro, in the order of the names.
    case snake
    /// By stage positions.
    case stage
    /// Nothing is known.
    case unordered
}

/// Row and column of frames.
package enum StitchPlaces {
    /// From file names by a pattern with the fields `row` and `column`; nil for names that do not fit.
    package static func cells(_ names: [String], pattern: FileNamePattern) -> [StitchPrior.Cell?] {
        names.map { name in
            guard let values = pattern.match(name), let row = values["row"].flatMap(Int.init), let column = values["column"].flatMap(Int.init) else { return nil }
            return .init(row: row, column: column)
        }
    }

    /// From the numbers in file names, without a pattern: behind `r` and `c`, `row` and `col`, `y` and `x`, or the last two when they make a grid.
    ///
    /// - Returns: nil unless every name has a place of its own, and the places make up a grid.
    package static func cells(_ names: [String]) -> [StitchPrior.Cell]? {
        let tokens = names.map(numbers)
        for (rows, columns) in [(["r", "row"], ["c", "col", "column"]), (["y"], ["x"])] {
            let cells = tokens.map { tokens -> StitchPrior.Cell? in
                guard let row = tokens.last(where: { rows.contains($0.before) }), let column = tokens.last(where: { columns.contains($0.before) }) else { return nil }
                return .init(row: row.number, column: column.number)
            }
            if let cells = whole(cells) { return cells }
        }
        let pairs = tokens.map { tokens -> StitchPrior.Cell? in
            tokens.count >= 2 ? .init(row: tokens[tokens.count - 2].number, column: tokens[tokens.count - 1].number) : nil
        }
        return whole(pairs)
    }

    /// Row after row in the order given.
    ///
    /// - Parameters:
    ///   - toAndFro: every second row runs the other way.
    ///   - startsRight: the first row runs from right to left.
    package static func cells(count: Int, columns: Int, toAndFro: Bool, startsRight: Bool) -> [StitchPrior.Cell] {
        precondition(columns >= 1, "\(columns) columns")
        return (0..<count).map { index in
            let (row, place) = (index / columns, index % columns)
            let isBackward = startsRight != (toAndFro && row % 2 == 1)
            return .init(row: row, column: isBackward ? columns - 1 - place : place)
        }
    }

    private static func whole(_ cells: [StitchPrior.Cell?]) -> [StitchPrior.Cell]? {
        let known = cells.compactMap(\.self)
        guard known.count == cells.count, known.count >= 2, Set(known).count == known.count else { return nil }
        let (rows, columns) = (Set(known.map(\.row)), Set(known.map(\.column)))
        // A few may be missing, but running numbers are no grid; and numbers far apart are no rows.
        guard rows.count * columns.count <= 2 * known.count, rows.max()! - rows.min()! < 2 * rows.count + 2, columns.max()! - columns.min()! < 2 * columns.count + 2
        else { return nil }
        // One row or one column only is a grid if that number really changes by ones.
        guard rows.count > 1 || columns.max()! - columns.min()! + 1 <= known.count + 2 else { return nil }
        return known.map { .init(row: $0.row - rows.min()!, column: $0.column - columns.min()!) }
    }

    /// Numbers of a file's name without its extension, each with the letters right before it, small.
    private static func numbers(_ name: String) -> [(before: String, number: Int)] {
        let file = name.split(separator: "/").last.map(String.init) ?? name
        let stem = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
        var found: [(String, Int)] = []
        var (letters, digits) = ("", "")
        func end() {
            if !digits.isEmpty, digits.count <= 9, let number = Int(digits) {
                found.append((letters, number))
                letters = ""
            }
            digits = ""
        }
        for character in stem.lowercased().unicodeScalars {
            if ("0"..."9").contains(character) { digits.unicodeScalars.append(character) } else {
                if !digits.isEmpty { end() }
                if ("a"..."z").contains(character) { letters.unicodeScalars.append(character) } else if !["_", "-", "="].contains(character) || found.isEmpty { letters = "" }
            }
        }
        end()
        return found
    }
}
