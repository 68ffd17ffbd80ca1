import Foundation
import Raster

/// A mask turned until its major axis is horizontal, compared with its mirror images.
struct ZooProcessSymmetry {
    /// Equal pixels of the frame, background included, / 2 / area; against the picture mirrored left to right, and top to bottom.
    let horizontal: Double
    let vertical: Double
    /// Largest by mean of the thicknesses across the major axis; nil without a pixel size or with fewer than two thicknesses.
    let thicknessRatio: Double?

    /// Whether an object is turned: its frame and cells have up to 1.44 and 2 bytes for each pixel of the squared diagonal.
    static func isMeasured(_ box: Rect) -> Bool { box.width * box.width + box.height * box.height <= 10_000 * 10_000 }

    /// Centre and direction of the filled object, as ZooProcess places it.
    struct Placement {
        let box: Rect
        let area: Int
        /// Relative to the box's corner; centres of pixels lie at halves.
        let x, y: Double
        /// Degrees of the major axis, counter-clockwise from the x axis.
        let angle: Double
    }

    /// - Parameters:
    ///   - mask: the object's bits; nothing else is set within a pixel of its box.
    ///   - step: columns between thicknesses.
    /// - Source: ZooProcess. The mask is pasted into a white square frame of 1.2 × the box's diagonal, its centroid at the middle, and
    ///   turned with bilinear interpolation as ImageJ does. The picture mirrored top to bottom is made black and white first, so that gray
    ///   border pixels never equal it. A thickness is the distance of the first two changes by more than 100 gray levels in a column; the
    ///   last column's is left out of the largest and of the sum, but counted in the mean.
    ///   - ends: calls with pixels of the box in whose hull the object lies.
    init(_ mask: BoxBits, _ placement: Placement, step: Int?, ends: ((Int, Int) -> Void) -> Void) {
        let (width, height) = (placement.box.width, placement.box.height)
        let diagonal = 1.2 * Double(width * width + height * height).squareRoot()
        let side = Int(diagonal)
        func place(_ centre: Double, _ length: Int) -> Int {
            let place = Int(diagonal / 2 - centre)
            // What does not fit is pasted into the middle, as in ImageJ.
            return diagonal / 2 - centre < 0 || place + length > side ? (side - length) / 2 : place
        }
        let turned = TurnedMask(
            side: side, x: place(placement.x, width), y: place(placement.y, height), width: width, height: height, angle: placement.angle + 180)
        let pixels = Double(side * side)
        let (unequal, unequalVertical, ratio) = turned.with(mask, reach: turned.reach(ends)) { frame in
            (frame.unequalMirrored(), frame.unequalFlipped(), step.flatMap { frame.thicknessRatio(step: $0) })
        }
        horizontal = (pixels - Double(unequal)) / 2 / Double(placement.area)
        vertical = (pixels - Double(unequalVertical)) / 2 / Double(placement.area)
        thicknessRatio = ratio
    }
}

/// Where a mask lies in a square frame, and how the frame is turned about its middle.
private struct TurnedMask {
    let side: Int
    let x, y, width, height: Int
    private let cosine, sine: Double
    /// Place in the frame before turning = (x · cosine − y · sine + shiftX, x · sine + y · cosine + shiftY).
    private let shiftX, shiftY: Double

    init(side: Int, x: Int, y: Int, width: Int, height: Int, angle: Double) {
        (self.side, self.x, self.y, self.width, self.height) = (side, x, y, width, height)
        let radians = -angle * .pi / 180
        (cosine, sine) = (cos(radians), sin(radians))
        let middle = Double(side - 1) / 2
        shiftX = middle * sine - middle * cosine + middle
        shiftY = -middle * sine - middle * cosine + middle
    }

    /// Level · 2⁴⁸ in a cell = a + b x + c y + d x y with x and y in 2⁻²⁴ pixels: four numbers for each cell.
    private nonisolated(unsafe) static let factors: UnsafeBufferPointer<Int> = {
        let factors = UnsafeMutableBufferPointer<Int>.allocate(capacity: 64)
        for code in 0..<16 {
            let white = (0..<4).map { 255 * (1 - code >> $0 & 1) }
            factors[4 * code] = white[0] << 48
            factors[4 * code + 1] = (white[1] - white[0]) << 24
            factors[4 * code + 2] = (white[2] - white[0]) << 24
            factors[4 * code + 3] = white[0] - white[1] - white[2] + white[3]
        }
        return UnsafeBufferPointer(factors)
    }()

    /// The turned picture; 0 inside, 255 outside, gray between.
    func with<Result>(_ mask: BoxBits, reach: Rect, _ body: (TurnedFrame) -> Result) -> Result {
        let bytes = (side + 7) / 8 * 8
        // Cell (cx, cy) holds which of the pixels (cx, cy) … (cx + 1, cy + 1) are set. There are cells for all places that are looked at.
        let places = places(reach)
        let (marginX, marginY) = (max(1, -places.x), max(1, -places.y))
        let (cellPitch, cellRows) = (marginX + max(width, places.maxX + 1), marginY + max(height, places.maxY + 1))
        // A row's cells are written down, and which of them are mixed.
        let (frame, cellBytes) = (side * bytes + 8, (cellPitch * cellRows + 15) / 8 * 8)
        return withUnsafeTemporaryAllocation(byteCount: frame + cellBytes + 5 * bytes, alignment: 8) { memory in
            let pixels = memory.baseAddress!.bindMemory(to: UInt8.self, capacity: frame + cellBytes + bytes)
            pixels.initialize(repeating: 255, count: frame)
            let cells = pixels + frame
            cells.initialize(repeating: 0, count: cellBytes)
            // Eight cells at a time; those too many at a row's end are empty, and the next row's first ones come later.
            for cy in -1..<height {
                let line = UnsafeMutableRawPointer(cells + ((cy &+ marginY) &* cellPitch &+ marginX &- 1))
                var cx = -1
                while cx < width {
                    let (above, below) = (mask.nine(cx, cy), mask.nine(cx, cy &+ 1))
                    let codes = above.spread | (above &>> 1).spread &<< 1 | below.spread &<< 2 | (below &>> 1).spread &<< 3
                    line.storeBytes(of: codes, toByteOffset: cx &+ 1, as: UInt64.self)
                    cx &+= 8
                }
            }
            let mixed = (memory.baseAddress! + (frame + cellBytes + bytes)).bindMemory(to: UInt32.self, capacity: bytes)
            fill(pixels, bytes, reach, UnsafePointer(cells), cellPitch, marginX, marginY, cells + cellBytes, mixed)
            return body(TurnedFrame(side: side, pitch: bytes, pixels: pixels, rows: reach.y..<reach.maxY, columns: reach.x..<reach.maxX))
        }
    }

    /// Part of the frame that the mask can reach after turning.
    func reach(_ ends: ((Int, Int) -> Void) -> Void) -> Rect {
        var (left, right, top, bottom) = (Double.infinity, -Double.infinity, Double.infinity, -Double.infinity)
        ends { endX, endY in
            let (dx, dy) = (Double(endX + x) - shiftX, Double(endY + y) - shiftY)
            let (column, row) = (dx * cosine + dy * sine, dy * cosine - dx * sine)
            left = min(left, column)
            right = max(right, column)
            top = min(top, row)
            bottom = max(bottom, row)
        }
        // A pixel colours what lies less than one pixel away in x and in y.
        let (minX, minY) = (max(0, Int(max(left - 1.5, 0))), max(0, Int(max(top - 1.5, 0))))
        return Rect(minX: minX, minY: minY, maxX: max(minX, min(side, Int(max(right, 0)) + 3)), maxY: max(minY, min(side, Int(max(bottom, 0)) + 3)))
    }

    /// Cells, counted from the mask's corner, in which the pixels of a part of the frame lie before turning, with one to spare.
    private func places(_ reach: Rect) -> Rect {
        var (left, right, top, bottom) = (Double.infinity, -Double.infinity, Double.infinity, -Double.infinity)
        for column in [reach.x, reach.maxX] {
            for row in [reach.y, reach.maxY] {
                let (dx, dy) = (Double(column), Double(row))
                let (placeX, placeY) = (dx * cosine - dy * sine + shiftX - Double(x), dx * sine + dy * cosine + shiftY - Double(y))
                (left, right) = (min(left, placeX), max(right, placeX))
                (top, bottom) = (min(top, placeY), max(bottom, placeY))
            }
        }
        return Rect(minX: Int(left.rounded(.down)) - 1, minY: Int(top.rounded(.down)) - 1, maxX: Int(right.rounded(.up)) + 1, maxY: Int(bottom.rounded(.up)) + 1)
    }

    /// Writes down the cells along a line, and without a branch the numbers of those whose pixels differ; returns how many these are.
    ///
    /// A function of its own, so that all it needs stays in registers.
    @inline(never)
    private static func sample(
        _ cells: UnsafePointer<UInt8>, _ pitch: Int, _ startX: Int, _ startY: Int, _ stepX: Int, _ stepY: Int, _ count: Int,
        _ codes: UnsafeMutablePointer<UInt8>, _ mixed: UnsafeMutablePointer<UInt32>
    ) -> Int {
        var (placeX, placeY) = (startX, startY)
        var (index, number) = (0, 0)
        while index < count {
            let code = cells[(placeY &>> 32) &* pitch &+ (placeX &>> 32)]
            codes[index] = code
            mixed[number] = UInt32(truncatingIfNeeded: index)
            number &+= Int(truncatingIfNeeded: (0x7FFE as UInt32 &>> UInt32(code)) & 1)
            placeX &+= stepX
            placeY &+= stepY
            index &+= 1
        }
        return number
    }

    /// Sets the pixels in the mask's reach.
    private func fill(
        _ pixels: UnsafeMutablePointer<UInt8>, _ bytes: Int, _ reach: Rect, _ cells: UnsafePointer<UInt8>, _ cellPitch: Int, _ marginX: Int, _ marginY: Int,
        _ codes: UnsafeMutablePointer<UInt8>, _ mixed: UnsafeMutablePointer<UInt32>
    ) {
        guard reach.width > 0, reach.height > 0 else { return }
        // Relative to the cell in the array's corner, so that cutting off rounds down.
        let (offsetX, offsetY) = (shiftX - Double(x - marginX), shiftY - Double(y - marginY))
        let factors = TurnedMask.factors.baseAddress!
        // Places in 2⁻³² pixels; a place so near an edge of its cell that it is taken for the next has the same gray level there.
        let unit = 4_294_967_296.0
        let (stepX, stepY) = (Int(cosine * unit), Int(sine * unit))
        let first = reach.x
        for row in reach.y..<reach.maxY {
            let (startX, startY) = (offsetX - Double(row) * sine, offsetY + Double(row) * cosine)
            let line = pixels + row &* bytes
            let (originX, originY) = (Int((startX + Double(first) * cosine) * unit), Int((startY + Double(first) * sine) * unit))
            let number = TurnedMask.sample(cells, cellPitch, originX, originY, stepX, stepY, reach.width, codes, mixed)
            // Black where all four pixels are set, white where none is.
            var column = 0
            while column < reach.width {
                let eight = UnsafeRawPointer(codes).load(fromByteOffset: column, as: UInt64.self)
                let inside = (eight &>> 3 & eight &>> 2 & eight &>> 1 & eight) & UInt64.eachByte
                let shown = ~(inside &* 255)
                if column &+ 8 <= reach.width {
                    UnsafeMutableRawPointer(line).storeBytes(of: shown, toByteOffset: first &+ column, as: UInt64.self)
                } else {
                    for index in column..<reach.width { line[first &+ index] = UInt8(truncatingIfNeeded: shown &>> UInt64(truncatingIfNeeded: 8 &* (index &- column))) }
                }
                column &+= 8
            }
            // Where a cell's pixels differ, the level is interpolated.
            for index in 0..<number {
                let column = Int(mixed[index])
                let factor = factors + 4 &* Int(codes[column])
                let partX = ((originX &+ column &* stepX) &>> 8) & 0xFF_FFFF
                let partY = ((originY &+ column &* stepY) &>> 8) & 0xFF_FFFF
                let level = factor[0] &+ factor[1] &* partX &+ (factor[2] &+ factor[3] &* partX) &* partY
                line[first &+ column] = UInt8(truncatingIfNeeded: (level &+ (1 &<< 47)) &>> 48)
            }
        }
    }
}

/// A square gray picture in rows of whole eight bytes, the rest of each row white.
private struct TurnedFrame {
    let side: Int
    let pitch: Int
    let pixels: UnsafeMutablePointer<UInt8>
    /// Other rows and columns are white.
    let rows, columns: Range<Int>

    /// Pixels that differ from the picture mirrored left to right.
    func unequalMirrored() -> Int {
        var unequal = 0
        // Pixels differ in pairs, so that the left half tells.
        let half = side / 2
        if side < 16 {
            for row in rows {
                let line = pixels + row &* pitch
                for column in 0..<half where line[column] != line[side &- 1 &- column] { unequal &+= 2 }
            }
            return unequal
        }
        // Of the last eight pixels only those before the middle count.
        let rest = (1 as UInt64 &<< UInt64(truncatingIfNeeded: 8 &* (half & 7))) &- 1
        for row in rows {
            let line = UnsafeRawPointer(pixels + row &* pitch)
            @inline(__always) func difference(_ chunk: Int) -> UInt64 {
                let bytes = line.loadUnaligned(fromByteOffset: 8 &* chunk, as: UInt64.self)
                return bytes ^ line.loadUnaligned(fromByteOffset: side &- 8 &- 8 &* chunk, as: UInt64.self).byteSwapped
            }
            var sum = flags(difference(half / 8) & rest)
            for chunk in 0..<(half / 8) {
                sum &+= flags(difference(chunk))
                if chunk & 127 == 127 {
                    unequal &+= 2 &* total(sum)
                    sum = 0
                }
            }
            unequal &+= 2 &* total(sum)
        }
        return unequal
    }

    /// Pixels that differ from the picture mirrored top to bottom and made black and white.
    func unequalFlipped() -> Int {
        guard let first = rows.first, let last = rows.last else { return 0 }
        var unequal = 0
        for row in min(first, side - 1 - last)...max(last, side - 1 - first) {
            let (line, other) = (UnsafeRawPointer(pixels + row &* pitch), UnsafeRawPointer(pixels + (side &- 1 &- row) &* pitch))
            var sum: UInt64 = 0
            // Other columns are white in both.
            for chunk in (columns.lowerBound / 8)..<((columns.upperBound + 7) / 8) {
                let bytes = line.load(fromByteOffset: 8 &* chunk, as: UInt64.self)
                let binary = ((other.load(fromByteOffset: 8 &* chunk, as: UInt64.self) & UInt64.highBits) &>> 7) &* 255
                sum &+= flags(bytes ^ binary)
                if chunk & 127 == 127 {
                    unequal &+= total(sum)
                    sum = 0
                }
            }
            unequal &+= total(sum)
        }
        return unequal
    }

    /// nil with fewer than two columns in which two changes are found.
    func thicknessRatio(step: Int) -> Double? {
        guard let first = rows.first, let last = rows.last else { return nil }
        var (largest, sum, count, latest) = (0, 0, 0, 0)
        for column in Swift.stride(from: 0, to: side, by: step) {
            var start: Int?
            for row in max(0, first - 1)..<max(0, min(side - 1, last + 1)) {
                let change = abs(Int(pixels[row &* pitch &+ column]) &- Int(pixels[(row &+ 1) &* pitch &+ column]))
                guard change > 100 else { continue }
                guard let begun = start else {
                    start = row
                    continue
                }
                // What was the last column until now counts.
                if count > 0 {
                    largest = max(largest, latest)
                    sum += latest
                }
                latest = row - begun
                count += 1
                break
            }
        }
        return sum > 0 ? Double(largest) / (Double(sum) / Double(count)) : nil
    }

    /// 1 in each byte that is not 0.
    @inline(__always) private func flags(_ difference: UInt64) -> UInt64 { (difference.nonzeroBytes & UInt64.highBits) &>> 7 }
    /// Sum of eight bytes below 256 in all: half of them at a time.
    @inline(__always) private func total(_ bytes: UInt64) -> Int {
        let pairs = (bytes & 0x00FF_00FF_00FF_00FF) &+ (bytes &>> 8 & 0x00FF_00FF_00FF_00FF)
        return Int(truncatingIfNeeded: (pairs &* 0x0001_0001_0001_0001) &>> 48)
    }
}

/// Bits of a box in a grid of 64-bit words.
struct BoxBits {
    /// Row and bit of the box's corner; there is a row and a column before it and a row after its end.
    let grid: UnsafePointer<UInt64>
    let stride: Int
    let x, y: Int

    /// Nine pixels from one of the box or just before it; bits beyond the grid are 0.
    @inline(__always) func nine(_ column: Int, _ row: Int) -> UInt64 {
        let (place, line) = (x &+ column, grid + (y &+ row) &* stride)
        let (word, shift) = (place &>> 6, UInt64(truncatingIfNeeded: place & 63))
        let bits = line[word] &>> shift
        return shift > 55 && word &+ 1 < stride ? bits | line[word &+ 1] &<< (64 &- shift) : bits
    }
}

extension UInt64 {
    /// The eight lowest bits, each in a byte.
    @inline(__always) fileprivate var spread: UInt64 {
        // Seven bits by one product, in which no two terms meet.
        (((self & 0x7F) &* 0x0002_0408_1020_4081) & UInt64.eachByte) | (self & 0x80) &<< 49
    }
}

extension ZooProcessPixels {
    /// Symmetry of the dark pixels about the axes of the filled object (symetrieh, symetriev, thickr).
    func symmetry(_ placement: ZooProcessSymmetry.Placement, hull: PixelHull, step: Int?) -> ZooProcessSymmetry? {
        guard ZooProcessSymmetry.isMeasured(placement.box) else { return nil }
        return ZooProcessSymmetry(BoxBits(grid: dark, stride: stride, x: 1, y: 1), placement, step: step) { end in
            for vertex in hull.left { end(vertex.x &- box.x, vertex.y &- box.y) }
            for vertex in hull.right { end(vertex.x &- box.x, vertex.y &- box.y) }
        }
    }

    /// Symmetry of the largest part (holes filled) of the pixels at most this bright (symetriehc, symetrievc); nil where there are none.
    func symmetry(ofLargestPartAtMost level: UInt8) -> ZooProcessSymmetry? {
        bits(atMost: level, into: work.1)
        guard fillHoles(work.1, scratch: work.0) else { return nil }
        return runs(of: work.1) { runs in
            withComponents(runs) { root, area -> ZooProcessSymmetry? in
                var best = 0
                for index in 0..<runs.count where root[index] == Int32(truncatingIfNeeded: index) && area[index] > area[best] { best = index }
                let part = Int32(truncatingIfNeeded: best)
                var (left, right, top, bottom) = (Int.max, 0, Int.max, 0)
                // Its bits alone.
                let grid = work.0
                grid.initialize(repeating: 0, count: words)
                for index in 0..<runs.count where root[index] == part {
                    let (y, first, last) = (Int(runs[index].y), Int(runs[index].first), Int(runs[index].last))
                    (left, right) = (min(left, first), max(right, last))
                    (top, bottom) = (min(top, y), y)
                    setBits(grid + y &* stride, from: first, through: last)
                }
                var sums = MomentSums()
                for index in 0..<runs.count where root[index] == part {
                    sums.add(y: Int(runs[index].y) &- top, first: Int(runs[index].first) &- left, last: Int(runs[index].last) &- left)
                }
                bits(atMost: level, into: work.1)
                for index in 0..<words { grid[index] &= work.1[index] }
                let own = Rect(minX: left, minY: top, maxX: right + 1, maxY: bottom + 1)
                guard ZooProcessSymmetry.isMeasured(own) else { return nil }
                let ellipse = ZooProcessEllipse(area: sums.count, sums.second)
                let placement = ZooProcessSymmetry.Placement(
                    box: own, area: sums.count, x: sums.centroid.x + 0.5, y: sums.centroid.y + 0.5, angle: ellipse.angle)
                return ZooProcessSymmetry(BoxBits(grid: grid, stride: stride, x: left, y: top), placement, step: nil) { end in
                    for index in 0..<runs.count where root[index] == part {
                        end(Int(runs[index].first) &- left, Int(runs[index].y) &- top)
                        end(Int(runs[index].last) &- left, Int(runs[index].y) &- top)
                    }
                }
            }
        }
    }
}

/// Area, centroid and second moments of runs, exact.
private struct MomentSums {
    private(set) var count = 0
    private var x2 = 0
    private var y = 0
    private var xx12 = 0
    private var xy2 = 0
    private var yy = 0

    @inline(__always) mutating func add(y row: Int, first: Int, last: Int) {
        let length = last &- first &+ 1
        let twice = first &+ last
        count &+= length
        x2 &+= length &* twice
        y &+= length &* row
        // Σ x² = n · mean² + n (n² − 1) / 12
        xx12 &+= length &* (3 &* twice &* twice &+ length &* length &- 1)
        xy2 &+= length &* twice &* row
        yy &+= length &* row &* row
    }

    var centroid: Point { Point(x: Double(x2) / 2 / Double(count), y: Double(y) / Double(count)) }

    /// Σ (x − x̄)², Σ (x − x̄)(y − ȳ), Σ (y − ȳ)²
    var second: (xx: Double, xy: Double, yy: Double) {
        let (n, mean) = (Double(count), centroid)
        return (Double(xx12) / 12 - n * mean.x * mean.x, Double(xy2) / 2 - n * mean.x * mean.y, Double(yy) - n * mean.y * mean.y)
    }
}

/// ImageJ's ellipse: each pixel has an extent of its own (variance 1/12), and the ellipse has the object's area.
struct ZooProcessEllipse {
    let major, minor: Double
    /// 0 ..< 180, counter-clockwise from the x axis.
    let angle: Double

    /// - Parameter second: central second moments, summed over the pixels.
    init(area: Int, _ second: (xx: Double, xy: Double, yy: Double)) {
        let n = Double(area)
        let (a, b, c) = (second.xx / n + 1.0 / 12, -second.xy / n, second.yy / n + 1.0 / 12)
        let root = ((a - c) * (a - c) + 4 * b * b).squareRoot()
        let (long, short) = (4 * ((a + c + root) / 2).squareRoot(), 4 * ((a + c - root) / 2).squareRoot())
        let scale = (n / (.pi / 4 * long * short)).squareRoot()
        (major, minor) = (long * scale, short * scale)
        let degrees = 0.5 * atan2(2 * b, a - c) * 180 / .pi
        angle = degrees < 0 ? degrees + 180 : degrees
    }
}
