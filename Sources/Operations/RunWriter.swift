import Raster

/// Turns rows of foreground bits into runs.
struct RunWriter {
    private(set) var runs: [Run] = []
    private var open = Int32.min
    private var carry: UInt64 = 0

    init() {}

    /// Takes 64 pixels of a row, bit i = pixel `x + i`. Words of one row come from left to right, bits beyond the row are 0.
    @inline(__always)
    mutating func append(_ word: UInt64, y: Int32, x: Int32) {
        // A set bit is a place where foreground starts or has just ended.
        var changes = word ^ (word &<< 1 | carry)
        carry = word &>> 63
        while changes != 0 {
            let place = x &+ Int32(truncatingIfNeeded: changes.trailingZeroBitCount)
            changes &= changes &- 1
            if open == Int32.min {
                open = place
            } else {
                runs.append(Run(y: y, first: open, last: place &- 1))
                open = Int32.min
            }
        }
    }

    /// Closes the row whose pixels end before `end`.
    @inline(__always)
    mutating func endRow(y: Int32, end: Int32) {
        if open != Int32.min {
            runs.append(Run(y: y, first: open, last: end &- 1))
            open = Int32.min
        }
        carry = 0
    }
}
