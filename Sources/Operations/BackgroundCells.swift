import Foundation
import Raster

/// Logarithm of the most frequent gray level in each of a grid of square cells.
struct BackgroundCells {
    let side: Int
    let columns: Int
    let rows: Int
    let width: Int
    let height: Int
    private(set) var levels: [Double] = []
    /// False where too little of a cell lies in the area; its level means nothing.
    private(set) var isUsable: [Bool] = []

    /// - Parameter area: the pixels that count; nil for all.
    init?(_ image: Image<UInt8>, area: Mask? = nil) {
        guard image.width >= 96, image.height >= 96 else { return nil }
        (width, height) = (image.width, image.height)
        side = max(8, (max(width, height) + 47) / 48)
        (columns, rows) = ((width + side - 1) / side, (height + side - 1) / side)
        levels.reserveCapacity(columns * rows)
        isUsable.reserveCapacity(columns * rows)
        let inside = area?.clipped(to: image.bounds)
        var nextRun = 0
        // Four tables of a row of cells, because equal neighbours would wait for one counter.
        let table = columns * 260
        var counts = [Int32](repeating: 0, count: 4 * table)
        let rowStep = max(1, side / 64)
        for row in 0..<rows {
            for index in counts.indices { counts[index] = 0 }
            var sampledRows = 0
            counts.withUnsafeMutableBufferPointer { counts in
                image.withBuffer { pixels in
                    for y in stride(from: row * side, to: min(height, (row + 1) * side), by: rowStep) {
                        let line = pixels.baseAddress! + y * width
                        sampledRows += 1
                        if let inside {
                            while nextRun < inside.runs.count, inside.runs[nextRun].y < Int32(y) { nextRun += 1 }
                            while nextRun < inside.runs.count, inside.runs[nextRun].y == Int32(y) {
                                for x in Int(inside.runs[nextRun].first)...Int(inside.runs[nextRun].last) { counts[x / side * 260 + 2 + Int(line[x])] &+= 1 }
                                nextRun += 1
                            }
                            continue
                        }
                        for column in 0..<columns {
                            // Two empty places on each side, so that the smoothing needs no cases.
                            let cell = counts.baseAddress! + column * 260 + 2
                            var x = column * side
                            let end = min(width, x + side)
                            while x &+ 4 <= end {
                                cell[Int(line[x])] &+= 1
                                cell[table &+ Int(line[x &+ 1])] &+= 1
                                cell[2 &* table &+ Int(line[x &+ 2])] &+= 1
                                cell[3 &* table &+ Int(line[x &+ 3])] &+= 1
                                x &+= 4
                            }
                            while x < end {
                                cell[Int(line[x])] &+= 1
                                x &+= 1
                            }
                        }
                    }
                }
                let sums = counts.baseAddress!
                for index in 0..<table { sums[index] = sums[index] &+ sums[index &+ table] &+ sums[index &+ 2 &* table] &+ sums[index &+ 3 &* table] }
                for column in 0..<columns {
                    let cell = counts.baseAddress! + column * 260
                    levels.append(log(BackgroundCells.mode(cell)))
                    // A quarter of a cell is enough for a mode; less at the limit is half shadow.
                    let present = inside == nil ? 1 : (2..<258).reduce(0) { $0 + Int(cell[$1]) }
                    isUsable.append(inside == nil || 4 * present >= sampledRows * (min(width, (column + 1) * side) - column * side))
                }
            }
        }
    }

    /// Mean of the levels around the peak of the smoothed histogram, at least 1.
    private static func mode(_ counts: UnsafePointer<Int32>) -> Double {
        var (peak, most) = (2, Int32(-1))
        for level in 2..<258 {
            let smoothed = counts[level - 2] &+ 2 &* counts[level - 1] &+ 3 &* counts[level] &+ 2 &* counts[level + 1] &+ counts[level + 2]
            if smoothed > most { (peak, most) = (level, smoothed) }
        }
        var (number, sum) = (0, 0)
        for level in max(2, peak - 6)...min(257, peak + 6) {
            number += Int(counts[level])
            sum += Int(counts[level]) * (level - 2)
        }
        return max(1, Double(sum) / Double(max(1, number)))
    }
}
