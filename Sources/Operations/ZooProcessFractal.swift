import Foundation
import Raster

/// ZooProcess's fractal dimension of a border: how the area within a distance of it grows with the distance.
///
/// Distances are ImageJ's integers: steps to a neighbour by edge, by corner and by a chess knight's move count 41, 58 and 92, and the sum
/// is divided by 41 and rounded. The areas, of pixels on both sides of the border, are taken in a frame of 4 × the object's box (2 × where
/// both sides are 200 pixels or more), at the distinct radii round(1.1ᵏ), k = 1 … 40.
/// - Source: ZooProcess; 2 − deviation of log area / deviation of log 2 r.
enum ZooProcessFractal {
    static let radii: [Int] = (1...40).map { Int(pow(1.1, Double($0)).rounded()) }.reduce(into: []) { if $0.last != $1 { $0.append($1) } }

    /// Pixels on each side of the object's box in the frame: left, above, right, below.
    static func margins(_ box: Rect) -> (left: Int, top: Int, right: Int, bottom: Int) {
        let times = box.width >= 200 && box.height >= 200 ? 2 : 4
        let (left, top) = ((times * box.width - box.width) / 2, (times * box.height - box.height) / 2)
        return (left, top, times * box.width - box.width - left, times * box.height - box.height - top)
    }

    /// nil where an area is 0, that is without any pixel.
    static func dimension(areas: UnsafeBufferPointer<Int>) -> Double? {
        var (sum, squares) = (0.0, 0.0)
        for area in areas {
            guard area > 0 else { return nil }
            let value = log(Double(area))
            sum += value
            squares += value * value
        }
        let n = Double(areas.count)
        return 2 - (max(0, squares - sum * sum / n) / (n - 1)).squareRoot() / deviationOfLogRadii
    }

    private static let deviationOfLogRadii: Double = {
        let logs = radii.map { log(2 * Double($0)) }
        let mean = logs.reduce(0, +) / Double(logs.count)
        return (logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(logs.count - 1)).squareRoot()
    }()

    /// Number in `41, 58, 92` steps that a move takes.
    static func steps(_ dx: Int, _ dy: Int) -> Int {
        let (long, short) = (max(abs(dx), abs(dy)), min(abs(dx), abs(dy)))
        return long >= 2 * short ? (long - 2 * short) * 41 + short * 92 : (2 * short - long) * 58 + (long - short) * 92
    }

    /// For each radius, how far in x its disk reaches in rows −r … r; unused lanes of the last vector reach nowhere.
    static let disks: [Disk] = radii.map(Disk.init)

    struct Disk: Sendable {
        let radius: Int
        /// Vectors of eight rows from row −radius on.
        let vectors: Int
        let reach: [SIMD8<Int16>]

        init(_ radius: Int) {
            self.radius = radius
            vectors = (2 * radius + 8) / 8
            var lanes = [SIMD8<Int16>](repeating: SIMD8(repeating: Disk.none), count: vectors)
            for dy in -radius...radius {
                var dx = 0
                // Rounded distance ≤ radius.
                while ZooProcessFractal.steps(dx + 1, dy) <= 41 * radius + 20 { dx += 1 }
                lanes[(dy + radius) / 8][(dy + radius) % 8] = Int16(dx)
            }
            reach = lanes
        }

        /// Farther back than any object is wide, and far enough from the ends of 16 bits.
        static let none: Int16 = -12000
    }

    /// Sides up to which 16 bits hold all places.
    static let longestSide = 8000
}

extension ZooProcessPixels {
    /// Fractal dimension of the border of the dark pixels; nil where there are none.
    ///
    /// - Parameter rows: ends of the rows where the dark pixels are one eight-connected run a row without holes; otherwise nil.
    /// - Complexity: with rows: rows × radii; else linear in the pixels of the frame within 46 pixels of the box.
    func fractal(rows extents: [RowExtent]?, area: Int) -> Double? {
        guard area > 0 else { return nil }
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: ZooProcessFractal.radii.count) { areas in
            if let extents, box.width <= ZooProcessFractal.longestSide, box.height <= ZooProcessFractal.longestSide {
                areasByRows(extents, area: area, areas)
            } else {
                areasByDistances(area: area, areas)
            }
            return ZooProcessFractal.dimension(areas: UnsafeBufferPointer(areas))
        }
    }

    /// Areas from the disks around the ends of rows: in each row of the frame they reach one unbroken stretch, because neighbouring
    /// rows of the object touch.
    func areasByRows(_ extents: [RowExtent], area: Int, _ areas: UnsafeMutableBufferPointer<Int>) {
        let height = box.height
        let margins = ZooProcessFractal.margins(box)
        let longest = ZooProcessFractal.radii[ZooProcessFractal.radii.count - 1]
        let lanes = height + 2 * longest + 16
        typealias Lane = SIMD8<Int16>
        withUnsafeTemporaryAllocation(byteCount: 2 * 2 * lanes + 2 * 2 * height, alignment: 16) { memory in
            let left = memory.baseAddress!.bindMemory(to: Int16.self, capacity: 2 * (lanes + height))
            let right = left + lanes
            let (first, last) = (right + lanes, right + lanes + height)
            for index in 0..<height {
                first[index] = Int16(truncatingIfNeeded: extents[index].first &- box.x)
                last[index] = Int16(truncatingIfNeeded: extents[index].last &- box.x)
            }
            var inside = true
            ZooProcessFractal.disks.withUnsafeBufferPointer { disks in
                for number in 0..<disks.count {
                    let (radius, vectors) = (disks[number].radius, disks[number].vectors)
                    let count = height &+ 2 &* radius
                    left.initialize(repeating: 12000, count: count &+ 8)
                    right.initialize(repeating: -12000, count: count &+ 8)
                    disks[number].reach.withUnsafeBufferPointer { reach in
                        for row in 0..<height {
                            let (l, r) = (Lane(repeating: first[row]), Lane(repeating: last[row]))
                            let (toLeft, toRight) = (UnsafeMutableRawPointer(left + row), UnsafeMutableRawPointer(right + row))
                            for vector in 0..<vectors {
                                let width = reach[vector]
                                let (oldLeft, oldRight) = (toLeft.loadUnaligned(fromByteOffset: 16 &* vector, as: Lane.self), toRight.loadUnaligned(fromByteOffset: 16 &* vector, as: Lane.self))
                                let (newLeft, newRight) = (l &- width, r &+ width)
                                toLeft.storeBytes(of: oldLeft.replacing(with: newLeft, where: newLeft .< oldLeft), toByteOffset: 16 &* vector, as: Lane.self)
                                toRight.storeBytes(of: oldRight.replacing(with: newRight, where: newRight .> oldRight), toByteOffset: 16 &* vector, as: Lane.self)
                            }
                        }
                    }
                    var covered = 0
                    let (leftmost, rightmost) = (Int16(truncatingIfNeeded: -min(margins.left, 100)), Int16(truncatingIfNeeded: box.width &- 1 &+ min(margins.right, 100)))
                    for index in max(0, radius &- margins.top)..<min(count, radius &+ height &+ margins.bottom) {
                        covered &+= Int(min(right[index], rightmost)) &- Int(max(left[index], leftmost)) &+ 1
                    }
                    areas[number] = covered &- (inside ? eroded(first, last, disks[number], left, right) : 0)
                    if areas[number] == covered { inside = false }
                }
            }
        }
    }

    /// Pixels farther from the outside than a disk reaches; the buffers are overwritten.
    private func eroded(
        _ first: UnsafeMutablePointer<Int16>, _ last: UnsafeMutablePointer<Int16>, _ disk: ZooProcessFractal.Disk, _ left: UnsafeMutablePointer<Int16>,
        _ right: UnsafeMutablePointer<Int16>
    ) -> Int {
        typealias Lane = SIMD8<Int16>
        let (height, radius) = (box.height, disk.radius)
        guard height > 2 * radius else { return 0 }
        // Rows of the frame from row −radius on, as before; where a disk does not reach it takes nothing away.
        left.initialize(repeating: -12000, count: height &+ 2 &* radius &+ 8)
        right.initialize(repeating: 12000, count: height &+ 2 &* radius &+ 8)
        disk.reach.withUnsafeBufferPointer { reach in
            for row in 0..<height {
                let (l, r) = (Lane(repeating: first[row]), Lane(repeating: last[row]))
                let (toLeft, toRight) = (UnsafeMutableRawPointer(left + row), UnsafeMutableRawPointer(right + row))
                for vector in 0..<disk.vectors {
                    let width = reach[vector]
                    let (oldLeft, oldRight) = (toLeft.loadUnaligned(fromByteOffset: 16 &* vector, as: Lane.self), toRight.loadUnaligned(fromByteOffset: 16 &* vector, as: Lane.self))
                    let (newLeft, newRight) = (l &+ width, r &- width)
                    toLeft.storeBytes(of: oldLeft.replacing(with: newLeft, where: newLeft .> oldLeft), toByteOffset: 16 &* vector, as: Lane.self)
                    toRight.storeBytes(of: oldRight.replacing(with: newRight, where: newRight .< oldRight), toByteOffset: 16 &* vector, as: Lane.self)
                }
            }
        }
        var kept = 0
        for index in (2 &* radius)..<height { kept &+= max(0, Int(right[index]) &- Int(left[index]) &+ 1) }
        return kept
    }

    /// Areas from the distance of every pixel, as ImageJ finds it: two passes over the pixels near the box.
    func areasByDistances(area: Int, _ areas: UnsafeMutableBufferPointer<Int>) {
        let longest = ZooProcessFractal.radii[ZooProcessFractal.radii.count - 1]
        let margins = ZooProcessFractal.margins(box)
        let (left, top) = (min(margins.left, longest), min(margins.top, longest))
        let (width, height) = (box.width + left + min(margins.right, longest), box.height + top + min(margins.bottom, longest))
        withUnsafeTemporaryAllocation(of: Int.self, capacity: longest + 2) { counts in
            counts.initialize(repeating: 0)
            // Inside: to the nearest pixel that is not dark; one of them is at most one pixel beyond the box.
            histogram(of: 1, width: box.width + 2, height: box.height + 2, left: 1, top: 1, into: counts)
            histogram(of: 0, width: width, height: height, left: left, top: top, into: counts)
            var (sum, radius) = (0, -1)
            for (index, wanted) in ZooProcessFractal.radii.enumerated() {
                while radius < wanted {
                    radius += 1
                    sum += counts[radius]
                }
                areas[index] = sum
            }
        }
    }

    /// Counts the rounded distances of the pixels that are dark (1) or not (0) to the nearest of the others, in a window that reaches
    /// `left` and `top` pixels beyond the box.
    private func histogram(of value: Int, width: Int, height: Int, left: Int, top: Int, into counts: UnsafeMutableBufferPointer<Int>) {
        // Two pixels of margin hold what is farther than anything that counts.
        let pitch = width + 4
        let far: Int16 = 2600
        withUnsafeTemporaryAllocation(of: Int16.self, capacity: pitch * (height + 4)) { memory in
            memory.initialize(repeating: far)
            let distance = memory.baseAddress! + 2 * pitch + 2
            for y in 0..<height {
                let row = y &- top &+ 1
                let isBox = row >= 1 && row < rows - 1
                for x in 0..<width {
                    let column = x &- left &+ 1
                    let isDark = isBox && column >= 1 && column <= box.width
                        && dark[row &* stride &+ column &>> 6] &>> UInt64(truncatingIfNeeded: column & 63) & 1 == 1
                    if isDark != (value == 1) { distance[y &* pitch &+ x] = 0 }
                }
            }
            for y in 0..<height {
                let line = distance + y &* pitch
                let (above, second) = (line - pitch, line - 2 * pitch)
                for x in 0..<width {
                    let straight = above[x] &+ 41
                    let diagonal = min(above[x &- 1], above[x &+ 1]) &+ 58
                    let knight = min(min(above[x &- 2], above[x &+ 2]), min(second[x &- 1], second[x &+ 1])) &+ 92
                    line[x] = min(min(line[x], straight), min(diagonal, knight))
                }
                for x in 0..<width { line[x] = min(line[x], line[x &- 1] &+ 41) }
            }
            for y in Swift.stride(from: height - 1, through: 0, by: -1) {
                let line = distance + y &* pitch
                let (below, second) = (line + pitch, line + 2 * pitch)
                for x in 0..<width {
                    let straight = below[x] &+ 41
                    let diagonal = min(below[x &- 1], below[x &+ 1]) &+ 58
                    let knight = min(min(below[x &- 2], below[x &+ 2]), min(second[x &- 1], second[x &+ 1])) &+ 92
                    line[x] = min(min(line[x], straight), min(diagonal, knight))
                }
                for x in Swift.stride(from: width - 1, through: 0, by: -1) { line[x] = min(line[x], line[x &+ 1] &+ 41) }
                for x in 0..<width where line[x] > 0 { counts[min((Int(line[x]) &+ 20) / 41, counts.count &- 1)] &+= 1 }
            }
        }
    }
}
