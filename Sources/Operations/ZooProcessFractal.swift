import Foundation
import Raster

/// ZooProcess's fractal dimension of a border: how the area within a distance of it grows with the distance.
///
/// Distances are ImageJ's integers: steps to a neighbour by edge, by corner and by a chess knight's move count 41, 58 and 92, and the sum
/// is divided by 41 and rounded. The areas, of pixels on both sides of the border, are taken in a frame of 4 × the object's box (2 × where
/// both sides are 200 pixels or more), at the distinct radii round(1.1ᵏ), k = 1 … 40.
/// - Source: ZooProcess; 2 − deviation of log area / deviation of log 2 r.
package enum ZooProcessFractal {
    package static let radii: [Int] = (1...40).map { Int(pow(1.1, Double($0)).rounded()) }.reduce(into: []) { if $0.last != $1 { $0.append($1) } }

    /// Pixels on each side of the object's box in the frame: left, above, right, below.
    package static func margins(_ box: Rect) -> (left: Int, top: Int, right: Int, bottom: Int) {
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
    package static func steps(_ dx: Int, _ dy: Int) -> Int {
        let (long, short) = (max(abs(dx), abs(dy)), min(abs(dx), abs(dy)))
        return long >= 2 * short ? (long - 2 * short) * 41 + short * 92 : (2 * short - long) * 58 + (long - short) * 92
    }

    /// For each radius, how far in x its disk reaches in rows −radius … radius; eight places before and after reach nowhere.
    static let disks: [Disk] = radii.map(Disk.init)

    struct Disk: Sendable {
        let radius: Int
        let reach: [Int16]

        init(_ radius: Int) {
            self.radius = radius
            var dx = radius
            var half: [Int16] = []
            for dy in 0...radius {
                // Rounded distance ≤ radius.
                while ZooProcessFractal.steps(dx, dy) > 41 * radius + 20 { dx -= 1 }
                half.append(Int16(dx))
            }
            let nowhere = [Int16](repeating: -ZooProcessFractal.far, count: 8)
            reach = nowhere + half.dropFirst().reversed() + half + nowhere
        }
    }

    /// Farther than anything that counts.
    static let farDistance: Int16 = 2600
    /// Rounded distances up to one more than the longest radius, and a last bin for the pixels that are not counted.
    static let binCount = (radii.last ?? 0) + 3
    static let bins: [UInt8] = (0...Int(farDistance)).map { UInt8($0 == 0 ? binCount - 1 : min(($0 + 20) / 41, binCount - 2)) }

    /// Farther than any object is wide, and far enough from the ends of 16 bits.
    static let far: Int16 = 12000
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
                areasByRows(extents, areas)
            } else {
                areasByDistances(areas)
            }
            return ZooProcessFractal.dimension(areas: UnsafeBufferPointer(areas))
        }
    }

    /// Areas from the disks around the ends of rows: in each row of the frame they reach one unbroken stretch, because neighbouring
    /// rows of the object touch.
    package func areasByRows(_ extents: [RowExtent], _ areas: UnsafeMutableBufferPointer<Int>) {
        typealias Lanes = SIMD8<Int16>
        let (height, far) = (box.height, ZooProcessFractal.far)
        let margins = ZooProcessFractal.margins(box)
        let (leftmost, rightmost) = (-Int16(min(margins.left, 100)), Int16(box.width - 1 + min(margins.right, 100)))
        withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 2 * height + 2) { memory in
            // Row ends in all lanes, and eight lanes that keep a number followed by eight that do not.
            let (left, right) = (memory.baseAddress!, memory.baseAddress! + height)
            for index in 0..<height {
                (left + index).initialize(to: Lanes(repeating: Int16(truncatingIfNeeded: extents[index].first &- box.x)))
                (right + index).initialize(to: Lanes(repeating: Int16(truncatingIfNeeded: extents[index].last &- box.x)))
            }
            let keep = UnsafeMutableRawPointer(right + height)
            keep.storeBytes(of: Lanes(repeating: -1), as: Lanes.self)
            keep.storeBytes(of: Lanes.zero, toByteOffset: 16, as: Lanes.self)
            var inside = true
            ZooProcessFractal.disks.withUnsafeBufferPointer { disks in
                for number in 0..<disks.count {
                    let radius = disks[number].radius
                    // Row 0 of the frame's part is row −radius of the box. Rows of the frame that are left out count nothing.
                    let (from, to) = (max(0, radius &- margins.top), min(height &+ 2 &* radius, radius &+ height &+ margins.bottom))
                    disks[number].reach.withUnsafeBufferPointer { buffer in
                        let reach = UnsafeRawPointer(buffer.baseAddress! + 8)
                        var covered = 0
                        var row = from
                        while row < to {
                            var (first, last) = (Lanes(repeating: far), Lanes(repeating: -far))
                            for source in max(0, row &- 2 &* radius)...min(height &- 1, row &+ 7) {
                                let wide = reach.loadUnaligned(fromByteOffset: 2 &* (row &- source), as: Lanes.self)
                                let (begin, end) = (left[source] &- wide, right[source] &+ wide)
                                first.replace(with: begin, where: begin .< first)
                                last.replace(with: end, where: end .> last)
                            }
                            first.replace(with: Lanes(repeating: leftmost), where: first .< Lanes(repeating: leftmost))
                            last.replace(with: Lanes(repeating: rightmost), where: last .> Lanes(repeating: rightmost))
                            covered &+= sum((last &- first &+ 1) & keep.loadUnaligned(fromByteOffset: 16 &- 2 &* min(8, to &- row), as: Lanes.self))
                            row &+= 8
                        }
                        var kept = 0
                        if inside {
                            // Pixels farther from the outside than the disk reaches: rows whose whole disk lies in the object's rows.
                            row = radius
                            while row < height &- radius {
                                var (first, last) = (Lanes(repeating: -far), Lanes(repeating: far))
                                for source in (row &- radius)...min(height &- 1, row &+ 7 &+ radius) {
                                    let wide = reach.loadUnaligned(fromByteOffset: 2 &* (row &+ radius &- source), as: Lanes.self)
                                    let (begin, end) = (left[source] &+ wide, right[source] &- wide)
                                    first.replace(with: begin, where: begin .> first)
                                    last.replace(with: end, where: end .< last)
                                }
                                let width = last &- first &+ 1
                                let counted = width.replacing(with: Lanes.zero, where: width .< Lanes.zero)
                                kept &+= sum(counted & keep.loadUnaligned(fromByteOffset: 16 &- 2 &* min(8, height &- radius &- row), as: Lanes.self))
                                row &+= 8
                            }
                            inside = kept > 0
                        }
                        areas[number] = covered &- kept
                    }
                }
            }
        }
    }

    /// Sum of eight numbers, none below 0.
    @inline(__always) private func sum(_ lanes: SIMD8<Int16>) -> Int {
        // In pairs, which 32 bits hold.
        let pairs = unsafeBitCast(lanes, to: SIMD4<UInt32>.self)
        let sums = (pairs & 0xFFFF) &+ (pairs &>> 16)
        return Int(truncatingIfNeeded: sums[0] &+ sums[1] &+ sums[2] &+ sums[3])
    }

    /// Areas from the distance of every pixel, as ImageJ finds it: two passes over the pixels near the box.
    package func areasByDistances(_ areas: UnsafeMutableBufferPointer<Int>) {
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
        // In bands, so that huge objects need little memory; the rows around hold all that is near enough to count.
        let (band, around) = (max(512, 4_000_000 / width), counts.count + 1)
        for start in Swift.stride(from: 0, to: height, by: band) {
            let (first, end) = (max(0, start - around), min(height, start + band + around))
            histogram(
                of: value, width: width, height: end - first, left: left, top: top - first, counting: (start - first)..<(min(height, start + band) - first),
                into: counts)
        }
    }

    /// - Parameter rows: of the window that are counted.
    private func histogram(
        of value: Int, width: Int, height: Int, left: Int, top: Int, counting rows: Range<Int>, into counts: UnsafeMutableBufferPointer<Int>
    ) {
        typealias Lanes = SIMD8<Int16>
        // Margins hold what is farther than anything that counts: two pixels above and below, and as many as the widest step on both sides.
        let far = ZooProcessFractal.farDistance
        let margin = 40
        let pitch = width + 2 * margin
        let last = (width - 1) / 8 * 8
        withUnsafeTemporaryAllocation(of: Int16.self, capacity: pitch * (height + 4)) { memory in
            memory.initialize(repeating: far)
            let distance = memory.baseAddress! + 2 * pitch + margin
            for y in 0..<height {
                let line = distance + y &* pitch
                if value == 1 { line.update(repeating: 0, count: width) }
                let row = y &- top &+ 1
                guard row >= 1, row <= box.height else { continue }
                for word in 0..<stride {
                    var bits = dark[row &* stride &+ word]
                    while bits != 0 {
                        // A run at a time: bit by bit the jumps cannot be foretold.
                        let skipped = bits.trailingZeroBitCount
                        let end = skipped &+ (~(bits &>> UInt64(truncatingIfNeeded: skipped))).trailingZeroBitCount
                        let (from, through) = (max(1, 64 &* word &+ skipped), min(box.width, 64 &* word &+ end &- 1))
                        if from <= through { (line + (from &- 1 &+ left)).update(repeating: value == 1 ? far : 0, count: through &- from &+ 1) }
                        bits = end >= 64 ? 0 : bits & (~0 &<< UInt64(truncatingIfNeeded: end))
                    }
                }
            }
            // Places beyond the row's end stay far.
            var beyond = Lanes(repeating: 0)
            for lane in (width - last)..<max(8, width - last) { beyond[lane] = far }
            @inline(__always) func at(_ line: UnsafeMutablePointer<Int16>, _ x: Int) -> Lanes { UnsafeRawPointer(line + x).loadUnaligned(as: Lanes.self) }
            @inline(__always) func less(_ a: Lanes, _ b: Lanes) -> Lanes { a.replacing(with: b, where: b .< a) }
            @inline(__always) func store(_ lanes: Lanes, _ line: UnsafeMutablePointer<Int16>, _ x: Int) {
                UnsafeMutableRawPointer(line + x).storeBytes(of: lanes, as: Lanes.self)
            }
            @inline(__always) func storeLast(_ lanes: Lanes, _ line: UnsafeMutablePointer<Int16>) {
                UnsafeMutableRawPointer(line + last).storeBytes(of: lanes.replacing(with: beyond, where: beyond .> lanes), as: Lanes.self)
            }
            /// Steps from the row before and the one before that, in the direction of the pass.
            @inline(__always) func step(_ line: UnsafeMutablePointer<Int16>, _ before: UnsafeMutablePointer<Int16>, _ second: UnsafeMutablePointer<Int16>) {
                @inline(__always) func nearest(_ x: Int) -> Lanes {
                    let straight = at(before, x) &+ 41
                    let diagonal = less(at(before, x &- 1), at(before, x &+ 1)) &+ 58
                    let knight = less(less(at(before, x &- 2), at(before, x &+ 2)), less(at(second, x &- 1), at(second, x &+ 1))) &+ 92
                    return less(less(at(line, x), straight), less(diagonal, knight))
                }
                var x = 0
                while x < last {
                    store(nearest(x), line, x)
                    x &+= 8
                }
                storeLast(nearest(last), line)
            }
            for y in 0..<height {
                let line = distance + y &* pitch
                step(line, line - pitch, line - 2 * pitch)
                // Along the row by 1, 2, 4 … 32 pixels: after that every distance of up to 63 is there, and no lane waits for its neighbour.
                var reach = 1
                while reach <= 32 {
                    let cost = Int16(truncatingIfNeeded: 41 &* reach)
                    storeLast(less(at(line, last), at(line, last &- reach) &+ cost), line)
                    var x = last &- 8
                    while x >= 0 {
                        store(less(at(line, x), at(line, x &- reach) &+ cost), line, x)
                        x &-= 8
                    }
                    reach &*= 2
                }
            }
            withUnsafeTemporaryAllocation(of: Int.self, capacity: 4 * ZooProcessFractal.binCount) { tallies in
                tallies.initialize(repeating: 0)
                for y in Swift.stride(from: height - 1, through: 0, by: -1) {
                    let line = distance + y &* pitch
                    step(line, line + pitch, line + 2 * pitch)
                    var reach = 1
                    while reach <= 32 {
                        let cost = Int16(truncatingIfNeeded: 41 &* reach)
                        var x = 0
                        while x < last {
                            store(less(at(line, x), at(line, x &+ reach) &+ cost), line, x)
                            x &+= 8
                        }
                        storeLast(less(at(line, last), at(line, last &+ reach) &+ cost), line)
                        reach &*= 2
                    }
                    guard rows.contains(y) else { continue }
                    ZooProcessFractal.bins.withUnsafeBufferPointer { bins in
                        // Four tallies in turn, because neighbours mostly fall into the same bin.
                        for x in 0..<width { tallies[(x & 3) &* ZooProcessFractal.binCount &+ Int(bins[Int(line[x])])] &+= 1 }
                    }
                }
                for bin in 0..<counts.count { for part in 0..<4 { counts[bin] &+= tallies[part * ZooProcessFractal.binCount + bin] } }
            }
        }
    }
}
