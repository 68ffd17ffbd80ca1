import Raster

/// Masks as COCO stores them: lengths of runs down the columns, from left to right, first of background.
///
/// - Source: `maskApi.c` of pycocotools 2.0; strings and areas equal its own.
package enum RunLengthMask {
    /// Lengths of the runs of a mask in a frame of `width` × `height` pixels at (0, 0).
    /// - Complexity: linear in the runs, read by rows and by columns.
    package static func counts(_ mask: Mask, width: Int, height: Int) -> [Int] {
        var counts: [Int] = []
        // Position, down the columns, at which the present run of background began.
        var end = 0
        for run in transposed(mask.runs.lazy.map { (line: Int($0.y), first: Int($0.first), last: Int($0.last)) }, most: .max) ?? [] {
            precondition(run.line < width && run.last < height && run.line >= 0 && run.first >= 0, "column \(run) outside \(width) × \(height)")
            let start = run.line * height + run.first
            if start == end, !counts.isEmpty {
                counts[counts.count - 1] += run.last - run.first + 1
            } else {
                counts.append(start - end)
                counts.append(run.last - run.first + 1)
            }
            end = run.line * height + run.last + 1
        }
        if end < width * height || counts.isEmpty { counts.append(width * height - end) }
        return counts
    }

    /// Mask from such lengths.
    /// - Parameter most: of runs by rows that the mask may take.
    /// - Throws: when the lengths do not fill the frame, or the mask would take too much memory.
    package static func mask(_ counts: [Int], width: Int, height: Int, most: Int = 64 << 20) throws(RunLengthError) -> Mask {
        let frame = Rect(x: 0, y: 0, width: width, height: height)
        var position = 0
        var runs: [Line] = []
        for (index, count) in counts.enumerated() {
            guard count >= 0 else { throw .negative }
            guard count <= frame.area - position else { throw .wrongSum(more: true, expected: frame.area) }
            if index % 2 == 1 { Self.append(position, position + count, height: height, to: &runs) }
            position += count
            guard runs.count <= most else { throw .tooLarge }
        }
        guard position == frame.area else { throw .wrongSum(more: false, expected: frame.area) }
        return try mask(columns: runs, frame: frame, most: most)
    }

    /// Adds the stretch `start ..< end`, counted down the columns, cut at their ends.
    static func append(_ start: Int, _ end: Int, height: Int, to runs: inout [Line]) {
        var start = start
        while start < end {
            let column = start / height
            let stop = min(end, (column + 1) * height)
            runs.append((column, start - column * height, stop - 1 - column * height))
            start = stop
        }
    }

    /// Mask from runs down the columns, in order.
    static func mask(columns: [Line], frame: Rect, most: Int) throws(RunLengthError) -> Mask {
        guard let rows = transposed(columns, most: most) else { throw .tooLarge }
        return Mask(bounds: frame, joining: rows.map { Run(y: $0.line, first: $0.first, last: $0.last) })
    }

    /// The lengths as COCO's text: differences to the length two before, in groups of five bits.
    package static func text(_ counts: [Int]) -> [UInt8] {
        var text: [UInt8] = []
        for (index, count) in counts.enumerated() {
            var value = index > 2 ? count - counts[index - 2] : count
            var more = true
            while more {
                var digit = value & 0x1F
                value >>= 5
                more = digit & 0x10 != 0 ? value != -1 : value != 0
                if more { digit |= 0x20 }
                text.append(UInt8(digit + 48))
            }
        }
        return text
    }

    package static func counts(text: some Sequence<UInt8>) throws(RunLengthError) -> [Int] {
        var counts: [Int] = []
        var (value, shift) = (0, 0)
        for byte in text {
            let digit = Int(byte) - 48
            guard 0..<64 ~= digit, shift <= 55 else { throw .notRunLengths }
            value |= (digit & 0x1F) << shift
            shift += 5
            if digit & 0x20 != 0 { continue }
            if digit & 0x10 != 0 { value |= -1 << shift }
            if counts.count > 2 {
                let (sum, overflow) = value.addingReportingOverflow(counts[counts.count - 2])
                guard !overflow else { throw .notRunLengths }
                value = sum
            }
            guard value >= 0 else { throw .negative }
            counts.append(value)
            (value, shift) = (0, 0)
        }
        guard shift == 0 else { throw .notRunLengths }
        return counts
    }

    // MARK: Rows and columns

    typealias Line = (line: Int, first: Int, last: Int)

    /// Runs along lines, in order, as runs across them; nil when there are more than `most`.
    ///
    /// From line to line only what changes is looked at, so the cost does not depend on the area.
    private static func transposed(_ runs: some Sequence<Line>, most: Int) -> [Line]? {
        var result: [Line] = []
        var (above, row): ([(first: Int, last: Int)], [(first: Int, last: Int)]) = ([], [])
        var line = 0
        // Line at which the run across began, by place; kept only while it is open.
        var open: [Int: Int] = [:]
        var tooMany = false

        /// Opens and closes runs where the line differs from the one before it.
        func step(_ line: Int) {
            var (a, b) = (0, 0)
            var (inA, inB) = (false, false)
            var position = Int.min
            while a < above.count || b < row.count {
                let endA = a < above.count ? (inA ? above[a].last + 1 : above[a].first) : Int.max
                let endB = b < row.count ? (inB ? row[b].last + 1 : row[b].first) : Int.max
                let next = min(endA, endB)
                if inA != inB, position < next {
                    if inB {
                        for place in position..<next { open[place] = line }
                    } else {
                        guard result.count + next - position <= most else { return tooMany = true }
                        for place in position..<next { result.append((place, open.removeValue(forKey: place) ?? line, line - 1)) }
                    }
                }
                if endA == next {
                    if inA { a += 1 }
                    inA.toggle()
                }
                if endB == next {
                    if inB { b += 1 }
                    inB.toggle()
                }
                position = next
            }
            swap(&above, &row)
            row.removeAll(keepingCapacity: true)
        }
        for run in runs {
            while run.line != line, !tooMany {
                step(line)
                // Between lines far apart one empty line closes everything.
                line = above.isEmpty ? run.line : line + 1
            }
            guard !tooMany, open.count <= most else { return nil }
            row.append((run.first, run.last))
        }
        step(line)
        step(line + 1)
        guard !tooMany else { return nil }
        return result.sorted { ($0.line, $0.first) < ($1.line, $1.first) }
    }
}

/// What can be wrong with run lengths.
package enum RunLengthError: Error, Equatable, CustomStringConvertible {
    case negative, notRunLengths, tooLarge
    case wrongSum(more: Bool, expected: Int)

    package var description: String {
        switch self {
        case .negative: "a run length is negative"
        case .notRunLengths: "the text of its run lengths is damaged"
        case .tooLarge: "its specks take too much memory; remove specks"
        case .wrongSum(let more, let expected): "its run lengths cover \(more ? "more" : "fewer") than the \(expected) pixels of its size"
        }
    }
}
