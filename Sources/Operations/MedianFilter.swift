import Raster

extension Image where Pixel == UInt8 {
    /// Median of the (2 · radiusX + 1) × (2 · radiusY + 1) pixels around each pixel; mirrored beyond the border, the edge pixel twice.
    ///
    /// - Complexity: 18 comparisons of vectors for 3 × 3 pixels. Up to 25 pixels a sorting network, 128 pixels at once. Above, histograms of columns: two levels of 16 counts a
    ///   pixel, whatever the radii (Perreault & Hébert 2007, doi:10.1109/TIP.2007.902329).
    /// - Source: equals `scipy.ndimage.median_filter(size=(2 · radiusY + 1, 2 · radiusX + 1), mode="reflect")`.
    public func medianFiltered(radiusX: Int, radiusY: Int) -> Image<UInt8> {
        filtered(radiusX, radiusY)
    }

    /// Median of the (2 · radius + 1)² pixels around each pixel.
    public func medianFiltered(radius: Int) -> Image<UInt8> { medianFiltered(radiusX: radius, radiusY: radius) }
}

extension Image where Pixel == UInt16 {
    /// Median of the (2 · radiusX + 1) × (2 · radiusY + 1) pixels around each pixel, as for 8 bits, with four levels of 16 counts.
    public func medianFiltered(radiusX: Int, radiusY: Int) -> Image<UInt16> {
        filtered(radiusX, radiusY)
    }

    /// Median of the (2 · radius + 1)² pixels around each pixel.
    public func medianFiltered(radius: Int) -> Image<UInt16> { medianFiltered(radiusX: radius, radiusY: radius) }
}

extension AnyImage {
    /// Median of the (2 · radius + 1)² pixels around each pixel, each channel for itself.
    public func medianFiltered(radius: Int) -> AnyImage {
        switch self {
        case .gray8(let image): return .gray8(image.medianFiltered(radius: radius))
        case .gray16(let image): return .gray16(image.medianFiltered(radius: radius))
        case .color8(let image):
            let channels = [\BGR<UInt8>.blue, \.green, \.red].map { path in image.mapped { $0[keyPath: path] }.medianFiltered(radius: radius) }
            return .color8(Image(blue: channels[0], green: channels[1], red: channels[2]))
        case .color16(let image):
            let channels = [\BGR<UInt16>.blue, \.green, \.red].map { path in image.mapped { $0[keyPath: path] }.medianFiltered(radius: radius) }
            return .color16(Image(blue: channels[0], green: channels[1], red: channels[2]))
        }
    }
}

extension Image {
    /// Colour from three images of one size.
    init<Sample>(blue: Image<Sample>, green: Image<Sample>, red: Image<Sample>) where Pixel == BGR<Sample> {
        self.init(width: blue.width, height: blue.height) { target in
            blue.withBuffer { blue in
                green.withBuffer { green in
                    red.withBuffer { red in
                        for index in 0..<target.count {
                            target.initializeElement(at: index, to: BGR(blue: blue[index], green: green[index], red: red[index]))
                        }
                    }
                }
            }
        }
    }
}

extension Image where Pixel: FilterPixel, Pixel == Pixel.Sample, Pixel: SortableSample {
    /// For operations that are made of it.
    func medians(radius: Int) -> Image { filtered(radius, radius) }

    @inline(__always)
    private func filtered(_ radiusX: Int, _ radiusY: Int) -> Image {
        precondition(radiusX >= 0 && radiusY >= 0, "radii \(radiusX), \(radiusY) must not be negative")
        guard radiusX > 0 || radiusY > 0, !isEmpty else { return self }
        let count = (2 * radiusX + 1) * (2 * radiusY + 1)
        return Image(width: width, height: height, writingSamples: { target in
            withSamples { plane in
                if radiusX == 1, radiusY == 1 {
                    MedianOfNine<Pixel>.filter(plane, target)
                } else if count <= 25 {
                    MedianNetwork<Pixel>(radiusX: radiusX, radiusY: radiusY).filter(plane, target)
                } else if count <= Int(UInt16.max) {
                    MedianHistogram<Pixel, UInt16>(plane, radiusX: radiusX, radiusY: radiusY).filter(target)
                } else {
                    MedianHistogram<Pixel, UInt32>(plane, radiusX: radiusX, radiusY: radiusY).filter(target)
                }
            }
        })
    }
}

/// Median of 3 × 3 pixels: the middle one of the largest low, the middle one of the middle and the smallest high number of three sorted columns.
private enum MedianOfNine<Sample: SortableSample> {
    @inline(__always)
    static func filter(_ plane: SamplePlane<Sample>, _ target: UnsafeMutablePointer<Sample>) {
        let (width, height, lanes) = (plane.width, plane.height, Sample.Vector.scalarCount)
        // Whole vectors, and one place more at either end.
        let length = (width + lanes - 1) / lanes * lanes + 2 * lanes
        let ring = UnsafeMutablePointer<Sample>.allocate(capacity: 7 * length)
        defer { ring.deallocate() }
        ring.initialize(repeating: 0, count: 7 * length)
        let (lows, middles, highs, result) = (ring + 3 * length + lanes, ring + 4 * length + lanes, ring + 5 * length + lanes, ring + 6 * length)
        func vector(_ line: UnsafePointer<Sample>) -> Sample.Vector { UnsafeRawPointer(line).loadUnaligned(as: Sample.Vector.self) }
        func store(_ vector: Sample.Vector, _ line: UnsafeMutablePointer<Sample>) {
            UnsafeMutableRawPointer(line).storeBytes(of: vector, as: Sample.Vector.self)
        }
        func middle(_ a: Sample.Vector, _ b: Sample.Vector, _ c: Sample.Vector) -> Sample.Vector {
            Sample.larger(Sample.smaller(a, b), Sample.smaller(Sample.larger(a, b), c))
        }
        var ready = 0
        for y in 0..<height {
            while ready <= min(height - 1, y + 1) {
                (ring + ready % 3 * length).update(from: plane.row(ready), count: width)
                ready += 1
            }
            let (above, here, below) = (ring + max(0, y - 1) % 3 * length, ring + y % 3 * length, ring + min(height - 1, y + 1) % 3 * length)
            for x in stride(from: 0, to: width, by: lanes) {
                let (a, b, c) = (vector(above + x), vector(here + x), vector(below + x))
                let (low, high) = (Sample.smaller(a, b), Sample.larger(a, b))
                let rest = Sample.larger(low, c)
                store(Sample.smaller(low, c), lows + x)
                store(Sample.smaller(high, rest), middles + x)
                store(Sample.larger(high, rest), highs + x)
            }
            for line in [lows, middles, highs] { (line[-1], line[width]) = (line[0], line[width - 1]) }
            for x in stride(from: 0, to: width, by: lanes) {
                let low = Sample.larger(Sample.larger(vector(lows + x - 1), vector(lows + x)), vector(lows + x + 1))
                let high = Sample.smaller(Sample.smaller(vector(highs + x - 1), vector(highs + x)), vector(highs + x + 1))
                store(middle(low, middle(vector(middles + x - 1), vector(middles + x), vector(middles + x + 1)), high), result + x)
            }
            (target + y * width).update(from: result, count: width)
        }
    }
}

/// Median of a few pixels by a sorting network.
private struct MedianNetwork<Sample: SortableSample> {
    private let radiusX: Int
    private let radiusY: Int
    private let network: SortingNetwork
    /// Pixels that go through the network side by side; 25 numbers each stay in the first-level cache.
    private static var lanes: Int { 128 }

    init(radiusX: Int, radiusY: Int) {
        (self.radiusX, self.radiusY) = (radiusX, radiusY)
        let count = (2 * radiusX + 1) * (2 * radiusY + 1)
        network = SortingNetwork(count: count, wanted: [count / 2])
    }

    @inline(__always)
    func filter(_ plane: SamplePlane<Sample>, _ target: UnsafeMutablePointer<Sample>) {
        let (width, height, lanes) = (plane.width, plane.height, Self.lanes)
        let (columns, rows) = (2 * radiusX + 1, 2 * radiusY + 1)
        // Rows with their mirrored ends; what lies behind them is sorted along and never read.
        let length = (width + lanes - 1) / lanes * lanes + 2 * radiusX
        let slots = min(height, rows)
        let ring = UnsafeMutablePointer<Sample>.allocate(capacity: slots * length + rows * columns * lanes)
        let numbers = ring + slots * length
        defer { ring.deallocate() }
        ring.initialize(repeating: plane.base[0], count: slots * length)
        let middle = numbers + rows * columns / 2 * lanes
        var ready = 0
        for y in 0..<height {
            while ready <= min(height - 1, y + radiusY) {
                let line = ring + ready % slots * length + radiusX
                line.update(from: plane.row(ready), count: width)
                for place in 0..<radiusX {
                    line[-1 - place] = line[reflected(-1 - place, width)]
                    line[width + place] = line[reflected(width + place, width)]
                }
                ready += 1
            }
            for x in stride(from: 0, to: width, by: lanes) {
                var number = numbers
                for offset in -radiusY...radiusY {
                    let line = ring + reflected(y + offset, height) % slots * length + x
                    for column in 0..<columns {
                        number.update(from: line + column, count: lanes)
                        number += lanes
                    }
                }
                network.sort(numbers, lanes: lanes)
                (target + y * width + x).update(from: middle, count: min(lanes, width - x))
            }
        }
    }
}

/// Median of many pixels by a histogram per column of the image, of which the window's histogram is the sum.
///
/// Levels are read as hexadecimal digits. A segment holds the 16 counts of one digit after given digits before it: one segment for
/// the first digit, 16 for the second, and so on. Of the window's segments only those on the way to the median are brought up to date.
private struct MedianHistogram<Sample: SortableSample, Count: FixedWidthInteger & UnsignedInteger & SIMDScalar> {
    typealias Counts = SIMD16<Count>
    private let plane: SamplePlane<Sample>
    private let radiusX: Int
    private let radiusY: Int

    private static var digits: Int { Sample.bitWidth / 4 }
    /// Segments of all digits: 1 + 16 + ...
    private static var segments: Int { ((1 << Sample.bitWidth) - 1) / 15 }

    init(_ plane: SamplePlane<Sample>, radiusX: Int, radiusY: Int) {
        (self.plane, self.radiusX, self.radiusY) = (plane, radiusX, radiusY)
    }

    /// In upright strips, so that the columns' histograms stay small: 544 bytes a column for 8 bits, 140 kB for 16.
    @inline(__always)
    func filter(_ target: UnsafeMutablePointer<Sample>) {
        let strip = min(plane.width, Sample.bitWidth == 8 ? max(512, 4 * radiusX) : max(128, 2 * radiusX))
        let room = strip + 2 * radiusX
        let columns = UnsafeMutablePointer<SIMD16<UInt16>>.allocate(capacity: Self.segments * room)
        let window = UnsafeMutablePointer<Counts>.allocate(capacity: Self.segments)
        let places = UnsafeMutablePointer<Int>.allocate(capacity: Self.segments)
        defer {
            columns.deallocate()
            window.deallocate()
            places.deallocate()
        }
        for left in stride(from: 0, to: plane.width, by: strip) {
            columns.initialize(repeating: SIMD16(), count: Self.segments * room)
            window.initialize(repeating: Counts(), count: Self.segments)
            places.initialize(repeating: Int.min / 8, count: Self.segments)
            filter(left..<min(plane.width, left + strip), columns, room, window, places, target)
        }
    }

    /// One strip. Segment s of column c is element s · room + c, so that a segment's neighbouring columns lie side by side.
    @inline(__always)
    private func filter(
        _ strip: Range<Int>, _ columns: UnsafeMutablePointer<SIMD16<UInt16>>, _ room: Int, _ window: UnsafeMutablePointer<Counts>,
        _ places: UnsafeMutablePointer<Int>, _ target: UnsafeMutablePointer<Sample>
    ) {
        let sources = (0..<(strip.count + 2 * radiusX)).map { reflected(strip.lowerBound - radiusX + $0, plane.width) }
        let counts = UnsafeMutableRawPointer(columns).assumingMemoryBound(to: UInt16.self)
        func change(_ y: Int, by step: UInt16) {
            let row = plane.row(reflected(y, plane.height))
            sources.withUnsafeBufferPointer { sources in
                for (column, x) in sources.enumerated() {
                    let level = Int(truncatingIfNeeded: row[x])
                    var first = 0
                    for digit in 0..<Self.digits {
                        let segment = first &+ level &>> (Sample.bitWidth &- 4 &* digit)
                        let place = (segment &* room &+ column) &* 16 &+ (level &>> (Sample.bitWidth &- 4 &- 4 &* digit)) & 15
                        counts[place] = counts[place] &+ step
                        first = first &* 16 &+ 1
                    }
                }
            }
        }
        for offset in -radiusY...radiusY { change(offset, by: 1) }
        let (span, middle) = (2 * radiusX + 1, Count((2 * radiusX + 1) * (2 * radiusY + 1) / 2))
        let windowCounts = UnsafeMutableRawPointer(window).assumingMemoryBound(to: Count.self)
        for y in 0..<plane.height {
            if y > 0 {
                change(y - 1 - radiusY, by: 0 &- 1)
                change(y + radiusY, by: 1)
            }
            for x in 0..<strip.count {
                // Rows lie farther apart than any window is wide, so a segment of the row before never counts as near.
                let now = y &* (strip.count &+ 2 &* span) &+ x
                var (first, before, rank) = (0, 0, middle)
                for _ in 0..<Self.digits {
                    let segment = first &+ before
                    let line = columns + segment &* room
                    let steps = now &- places[segment]
                    var sum: Counts
                    if 2 &* steps < span {
                        sum = window[segment]
                        for column in (x &- steps)..<x {
                            sum &+= Counts(truncatingIfNeeded: line[column &+ span]) &- Counts(truncatingIfNeeded: line[column])
                        }
                    } else {
                        sum = Counts()
                        for column in x..<(x &+ span) { sum &+= Counts(truncatingIfNeeded: line[column]) }
                    }
                    window[segment] = sum
                    places[segment] = now
                    var place = segment &* 16
                    while rank >= windowCounts[place] {
                        rank &-= windowCounts[place]
                        place &+= 1
                    }
                    before = before &* 16 &+ place & 15
                    first = first &* 16 &+ 1
                }
                target[y &* plane.width &+ strip.lowerBound &+ x] = Sample(truncatingIfNeeded: before)
            }
        }
    }
}
