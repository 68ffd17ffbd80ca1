import Raster

/// Polygons as COCO fills them: corners of pixels at whole numbers, edges walked in fifths of a pixel.
///
/// Other rules fill other pixels along slanted edges, and then areas differ from those that COCO's own tools tell.
/// - Source: `rleFrPoly` of `maskApi.c` in pycocotools 2.0; masks equal its own.
package enum COCOPolygon {
    /// Longest way around that is walked, in pixels; a file with more is broken or made to hold up its reader.
    static let longestWay = 50_000_000.0

    /// - Parameter coordinates: x, y, x, y, … of the corners.
    /// - Throws: when a coordinate is not finite or far outside of any image, or the way around is too long.
    package static func mask(_ coordinates: [Double], width: Int, height: Int) throws(RunLengthPolygonError) -> Mask {
        let frame = Rect(x: 0, y: 0, width: width, height: height)
        let count = coordinates.count / 2
        guard count >= 1, !frame.isEmpty else { return Mask(bounds: frame, sortedRuns: []) }
        guard coordinates.allSatisfy({ $0.isFinite && abs($0) <= 10_000_000 }) else { throw .coordinate }
        let scale = 5.0
        // Toward zero, as C turns numbers to integers.
        let points = (0..<count).map { (x: Int(scale * coordinates[2 * $0] + 0.5), y: Int(scale * coordinates[2 * $0 + 1] + 0.5)) }
        var way = 0.0
        for (index, a) in points.enumerated() {
            let b = points[index + 1 == count ? 0 : index + 1]
            way += Double(max(abs(a.x - b.x), abs(a.y - b.y)) + 1)
        }
        guard way <= scale * longestWay else { throw .tooLong }

        // Positions, counted down the columns, at which inside and outside change.
        var toggles: [Int] = []
        var before: (u: Int, v: Int)?
        func visit(_ u: Int, _ v: Int) {
            defer { before = (u, v) }
            guard let last = before, u != last.u else { return }
            let x = (Double(u < last.u ? u : u - 1) + 0.5) / scale - 0.5
            guard x.rounded(.down) == x, x >= 0, x <= Double(width - 1) else { return }
            let y = min(Double(height), max(0, (Double(min(v, last.v)) + 0.5) / scale - 0.5)).rounded(.up)
            toggles.append(Int(x) * height + Int(y))
        }
        for (index, a) in points.enumerated() {
            let b = points[index + 1 == count ? 0 : index + 1]
            let (dx, dy) = (abs(b.x - a.x), abs(b.y - a.y))
            let flip = (dx >= dy && a.x > b.x) || (dx < dy && a.y > b.y)
            let (from, to) = flip ? (b, a) : (a, b)
            if dx >= dy {
                let slope = dx == 0 ? 0 : Double(to.y - from.y) / Double(dx)
                for step in 0...dx {
                    let t = flip ? dx - step : step
                    visit(t + from.x, Int(Double(from.y) + slope * Double(t) + 0.5))
                }
            } else {
                let slope = Double(to.x - from.x) / Double(dy)
                for step in 0...dy {
                    let t = flip ? dy - step : step
                    visit(Int(Double(from.x) + slope * Double(t) + 0.5), t + from.y)
                }
            }
        }
        toggles.sort()
        toggles.append(frame.area)
        var runs: [RunLengthMask.Line] = []
        for index in Swift.stride(from: 0, to: toggles.count - 1, by: 2) where toggles[index] < toggles[index + 1] {
            // Stretches that meet are one.
            RunLengthMask.append(toggles[index], toggles[index + 1], height: height, to: &runs)
        }
        var joined: [RunLengthMask.Line] = []
        for run in runs {
            if let last = joined.last, last.line == run.line, last.last + 1 == run.first { joined[joined.count - 1].last = run.last } else { joined.append(run) }
        }
        do throws(RunLengthError) { return try RunLengthMask.mask(columns: joined, frame: frame, most: 64 << 20) } catch { throw .tooLong }
    }
}

package enum RunLengthPolygonError: Error, Equatable, CustomStringConvertible {
    case coordinate, tooLong

    package var description: String {
        switch self {
        case .coordinate: "a coordinate is no position in an image"
        case .tooLong: "its outline is longer than that of any object"
        }
    }
}
