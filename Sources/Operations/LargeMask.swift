import Raster

/// Foreground of an object with a great many runs, as one bit a pixel in tiles; tiles without foreground take no memory.
///
/// A dark rim around a whole frame has millions of runs of 12 bytes, which here take an eighth of a byte a pixel at most. Runs may
/// come in any order and overlap. Whoever measures it takes it by bands of rows, so that neither its runs nor the picture
/// behind it is ever in memory as a whole.
public struct LargeMask: Sendable, Hashable {
    /// Rows of a tile and of a band.
    static let side = 64
    private static let words = 16

    /// Smallest box around the foreground; 0 × 0 when there is none.
    public var box: Rect {
        bottom < top ? Rect(x: 0, y: 0, width: 0, height: 0) : Rect(minX: Int(left), minY: Int(top), maxX: Int(right) + 1, maxY: Int(bottom) + 1)
    }

    private let frame: Rect
    /// Tiles side by side.
    private let columns: Int
    /// By rows of tiles from the frame's first row on; empty without foreground.
    private var tiles: [[UInt64]] = []
    private var (left, top, right, bottom) = (Int32.max, Int32.max, Int32.min, Int32.min)

    /// - Parameter frame: holds all runs to come.
    public init(frame: Rect) {
        self.frame = frame
        columns = (frame.width + 64 * LargeMask.words - 1) / (64 * LargeMask.words)
    }

    public init(_ mask: Mask) {
        self.init(frame: mask.bounds)
        for run in mask.runs { insert(run) }
    }

    mutating func insert(_ run: Run) {
        (left, right) = (min(left, run.first), max(right, run.last))
        (top, bottom) = (min(top, run.y), max(bottom, run.y))
        let (y, first, last) = (Int(run.y) &- frame.y, Int(run.first) &- frame.x, Int(run.last) &- frame.x)
        let row = (y / LargeMask.side) &* columns
        if tiles.count < row &+ columns { tiles.append(contentsOf: repeatElement([], count: row + columns - tiles.count)) }
        let (from, to) = (first &>> 6, last &>> 6)
        let head = ~0 &<< UInt64(truncatingIfNeeded: first & 63)
        let tail = ~0 &>> UInt64(truncatingIfNeeded: 63 &- (last & 63)) as UInt64
        for word in from...to {
            let tile = row &+ word / LargeMask.words
            if tiles[tile].isEmpty { tiles[tile] = [UInt64](repeating: 0, count: LargeMask.side * LargeMask.words) }
            tiles[tile][(y % LargeMask.side) &* LargeMask.words &+ word % LargeMask.words] |= (word == from ? head : ~0) & (word == to ? tail : ~0)
        }
    }

    /// Takes over the foreground of another mask of the same frame.
    mutating func formUnion(_ other: LargeMask) {
        precondition(frame == other.frame, "frames \(frame) and \(other.frame) differ")
        (left, right) = (min(left, other.left), max(right, other.right))
        (top, bottom) = (min(top, other.top), max(bottom, other.bottom))
        if tiles.count < other.tiles.count { tiles.append(contentsOf: repeatElement([], count: other.tiles.count - tiles.count)) }
        for (index, tile) in other.tiles.enumerated() where !tile.isEmpty {
            if tiles[index].isEmpty {
                tiles[index] = tile
            } else {
                for word in tile.indices { tiles[index][word] |= tile[word] }
            }
        }
    }

    /// Runs in these rows of the box, in raster order.
    func runs(_ rows: Range<Int>) -> [Run] {
        var writer = RunWriter()
        let end = Int32(frame.x + columns * 64 * LargeMask.words)
        for y in rows.clamped(to: box.y..<box.maxY) {
            let row = (y - frame.y) / LargeMask.side * columns
            for column in 0..<columns {
                let x = Int32(frame.x + column * 64 * LargeMask.words)
                tiles[row + column].withUnsafeBufferPointer { tile in
                    if tile.isEmpty {
                        writer.append(0, y: Int32(y), x: x)
                        return
                    }
                    let words = tile.baseAddress! + (y - frame.y) % LargeMask.side * LargeMask.words
                    for word in 0..<LargeMask.words { writer.append(words[word], y: Int32(y), x: x &+ Int32(truncatingIfNeeded: word &* 64)) }
                }
            }
            writer.endRow(y: Int32(y), end: end)
        }
        return writer.runs
    }

    /// Parts of `side` rows of the box from top to bottom, each in its rows of the box.
    func forEachBand(_ body: (Mask) throws -> Void) rethrows {
        let box = box
        for y in stride(from: box.y, to: box.maxY, by: LargeMask.side) {
            let end = min(y + LargeMask.side, box.maxY)
            try body(Mask(bounds: Rect(minX: box.x, minY: y, maxX: box.maxX, maxY: end), sortedRuns: runs(y..<end)))
        }
    }

    /// The same foreground as runs, 12 bytes each.
    public var mask: Mask { Mask(bounds: box, sortedRuns: runs(box.y..<box.maxY)) }
}
