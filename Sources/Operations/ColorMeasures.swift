import Raster

/// Mean and population standard deviation of each channel, and of hue, saturation and value, over a mask.
///
/// Blue, green, red and value have the image's own gray levels: 0 to 255, or 0 to 65535 of 16 bits. Saturation is 0 to 255 in both.
/// Of a gray image all three channels are the gray level, and saturation is 0.
///
/// - Source: 8 bits equal OpenCV's `cvtColor(…, COLOR_BGR2HSV)`, whole numbers and their rounding included, on all 16.7 million
///   colours. OpenCV does not convert 16 bits; they follow the same definition, rounded from the exact quotient.
public struct ColorMeasures: Hashable, Sendable {
    public struct Channel: Hashable, Sendable {
        public let mean: Double
        public let deviation: Double
    }

    public let blue, green, red, saturation, value: Channel
    /// Hue in OpenCV's numbers 0 ..< 180, two degrees each, as if they were on a line, gray pixels counting as 0.
    public let opencvHue: Channel
    /// Hue in degrees, 0 ..< 360: mean direction of the saturated pixels' hues on the circle; nil where all are gray or cancel out.
    public let hueMean: Double?
    /// Circular standard deviation in degrees: √(−2 ln R); nil where `hueMean` is.
    public let hueDeviation: Double?

    /// Measures the pixels of `mask` that lie inside `image`; nil when there are none. Complexity: one pass over them.
    public init?(_ mask: Mask, image: Image<BGR<UInt8>>) {
        let inside = image.bounds.contains(mask.bounds) ? mask : mask.clipped(to: image.bounds)
        guard !inside.isEmpty else { return nil }
        var sums = ColorSums()
        ColorTables.shared.withPointers { tables in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: 3 * ColorSums.stretch) { directions in
                image.withBuffer { pixels in
                    for run in inside.runs {
                        var row = pixels.baseAddress! + (Int(run.y) &* image.width &+ Int(run.first))
                        var left = run.count
                        while left > 0 {
                            let count = min(left, ColorSums.stretch &- sums.waiting)
                            sums.add(row, count, tables, directions.baseAddress!)
                            if sums.waiting == ColorSums.stretch { sums.flush(directions.baseAddress!) }
                            row += count
                            left &-= count
                        }
                    }
                }
                sums.flush(directions.baseAddress!)
            }
        }
        self.init(sums, count: inside.area)
    }

    /// The same for 16 bits.
    public init?(_ mask: Mask, image: Image<BGR<UInt16>>) {
        let inside = image.bounds.contains(mask.bounds) ? mask : mask.clipped(to: image.bounds)
        guard !inside.isEmpty else { return nil }
        var sums = ColorSums()
        image.withBuffer { pixels in
            for run in inside.runs {
                let row = pixels.baseAddress! + (Int(run.y) &* image.width &+ Int(run.first))
                for x in 0..<run.count {
                    let pixel = row[x]
                    sums.add(Int(pixel.blue), Int(pixel.green), Int(pixel.red)) { span, high, turn in
                        // Quotients of small whole numbers, so that Double rounds them down exactly; a whole turn more keeps the hue positive.
                        let saturation = Double(510 &* span &+ high) / Double(2 &* high)
                        let hue = Double(60 &* turn &+ 361 &* span) / Double(2 &* span)
                        return (Int(saturation), Int(hue) &- 180)
                    }
                }
            }
        }
        self.init(sums, count: inside.area)
    }

    /// Of gray pixels: blue = green = red.
    public init?(_ mask: Mask, image: Image<UInt8>) { self.init(gray: mask, image) }

    /// Of gray pixels: blue = green = red.
    public init?(_ mask: Mask, image: Image<UInt16>) { self.init(gray: mask, image) }

    /// Measures an image of any kind.
    public init?(_ mask: Mask, image: AnyImage) {
        switch image {
        case .gray8(let image): self.init(mask, image: image)
        case .gray16(let image): self.init(mask, image: image)
        case .color8(let image): self.init(mask, image: image)
        case .color16(let image): self.init(mask, image: image)
        }
    }

    private init?<Pixel: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable>(gray mask: Mask, _ image: Image<Pixel>) {
        let inside = image.bounds.contains(mask.bounds) ? mask : mask.clipped(to: image.bounds)
        guard !inside.isEmpty else { return nil }
        var sums = ColorSums()
        image.withBuffer { pixels in
            for run in inside.runs {
                let row = pixels.baseAddress! + (Int(run.y) &* image.width &+ Int(run.first))
                for x in 0..<run.count { sums.blue.add(Int(truncatingIfNeeded: row[x])) }
            }
        }
        (sums.green, sums.red, sums.value) = (sums.blue, sums.blue, sums.blue)
        self.init(sums, count: inside.area)
    }

    private init(_ sums: ColorSums, count: Int) {
        (blue, green, red) = (sums.blue.channel(count), sums.green.channel(count), sums.red.channel(count))
        (saturation, value, opencvHue) = (sums.saturation.channel(count), sums.value.channel(count), sums.hue.channel(count))
        (hueMean, hueDeviation) = circularStatistics(x: sums.x, y: sums.y, count: sums.saturated)
    }

    /// Columns in the order of `values()`.
    public static let columns: [MeasureColumn] = table.columns

    /// Values in the order of `columns`.
    public func values() -> [Double?] { ColorMeasures.table.values(self, pixelSize: nil) }

    private static let table: MeasureTable<ColorMeasures> = {
        var table = MeasureTable<ColorMeasures>()
        func add(_ name: String, _ unit: MeasureColumn.Unit, _ title: String, _ scale: String, opencv: String, planktoScope: String?, _ channel: @escaping @Sendable (ColorMeasures) -> Channel) {
            func peers(_ statistic: String, _ prefix: String) -> String {
                "OpenCV meanStdDev of \(opencv) under the mask, \(statistic)" + (planktoScope.map { "; PlanktoScope \(prefix)\($0)" } ?? "")
            }
            table.add("\(name)_mean", unit, "\(title), mean", "mean over the object's pixels, \(scale)", source: "OpenCV 5", equals: peers("mean", "Mean")) { channel($0).mean }
            table.add(
                "\(name)_std", unit, "\(title), deviation", "population standard deviation over the object's pixels, \(scale)", source: "OpenCV 5", equals: peers("stddev", "Std")
            ) { channel($0).deviation }
        }
        let levels = "in gray levels of the image, 0 to 255 or 0 to 65535"
        add("blue", .gray, "Blue", levels, opencv: "B", planktoScope: nil) { $0.blue }
        add("green", .gray, "Green", levels, opencv: "G", planktoScope: nil) { $0.green }
        add("red", .gray, "Red", levels, opencv: "R", planktoScope: nil) { $0.red }
        add("saturation", .gray, "Saturation", "0 to 255 whatever the image's bits: 255 · (max − min) / max of the channels, rounded, 0 of black", opencv: "BGR2HSV's S", planktoScope: "Saturation") { $0.saturation }
        add("value", .gray, "Value", "the brightest channel \(levels)", opencv: "BGR2HSV's V", planktoScope: "Value") { $0.value }
        table.add(
            "hue_mean", .degrees, "Hue, mean", "mean direction of the hues of pixels that are not gray, 0 to 360; empty where all are gray or the hues cancel out",
            source: "hue is an angle, so red at both ends of the scale averages to red", equals: "SciPy circmean(hue, high=360) of the pixels with saturation"
        ) { $0.hueMean }
        table.add(
            "hue_std", .degrees, "Hue, deviation", "circular standard deviation √(−2 ln R) of the hues of pixels that are not gray; empty where hue_mean is",
            source: "Mardia 1972", equals: "SciPy circstd(hue, high=360) of the pixels with saturation"
        ) { $0.hueDeviation }
        add(
            "hue_opencv", .ratio, "Hue in OpenCV's numbers",
            "of hues in steps of 2°, 0 to 179, taken as numbers on a line, gray pixels as 0; for comparison with older tables, since reds at both ends of the scale average to cyan",
            opencv: "BGR2HSV's H", planktoScope: "Hue") { $0.opencvHue }
        return table
    }()
}

/// What each colour of 8 bits would otherwise be worked out from again and again.
private struct ColorTables: Sendable {
    struct Pointers {
        let sums: UnsafePointer<UInt64>
        let quotients: UnsafePointer<Int32>
        let numbers: UnsafePointer<Double>
    }

    static let shared = ColorTables()

    /// Of each value, value + value² · 2³².
    private let sums: [UInt64] = (0..<256).map { UInt64($0) | UInt64($0 * $0) << 32 }
    /// OpenCV's fixed-point quotients in 1/4096: 255 / value, then (180 / 6) / span.
    private let quotients: [Int32] = [255.0, 30.0].flatMap { scale in
        [0] + (1..<256).map { divisor -> Int32 in Int32((scale * 4096 / Double(divisor)).rounded(.toNearestOrEven)) }
    }
    /// 1 / span, then cosine and sine of 0, 120 and 240° and of no direction.
    private let numbers: [Double] = [0] + (1..<256).map { 1 / Double($0) } + [1, 0, -0.5, halfRootOf3, -0.5, -halfRootOf3, 0, 0]

    func withPointers<R>(_ body: (Pointers) -> R) -> R {
        sums.withUnsafeBufferPointer { sums in
            quotients.withUnsafeBufferPointer { quotients in
                numbers.withUnsafeBufferPointer { numbers in
                    body(Pointers(sums: sums.baseAddress!, quotients: quotients.baseAddress!, numbers: numbers.baseAddress!))
                }
            }
        }
    }
}

private let halfRootOf3 = 0.8660254037844386

private struct ColorSums {
    struct Channel {
        var sum = 0
        var squares = 0

        @inline(__always) mutating func add(_ value: Int) {
            sum &+= value
            squares &+= value &* value
        }

        /// - Parameter stretch: sum in the lower, sum of squares in the upper half.
        mutating func add(stretch: UInt64) {
            sum &+= Int(stretch & 0xFFFF_FFFF)
            squares &+= Int(stretch &>> 32)
        }

        func channel(_ count: Int) -> ColorMeasures.Channel {
            let mean = Double(sum) / Double(count)
            return ColorMeasures.Channel(mean: mean, deviation: max(0, Double(squares) / Double(count) - mean * mean).squareRoot())
        }
    }

    var (blue, green, red, saturation, value, hue) = (Channel(), Channel(), Channel(), Channel(), Channel(), Channel())
    /// Cosines and sines of the saturated pixels' hues.
    var (x, y) = (0.0, 0.0)
    var saturated = 0

    /// Pixels summed up before they are added to the channels: so few that 32 bits hold the sums of their squares.
    static let stretch = 256
    /// Pixels of the stretch so far, and of each channel their sum in the lower and the sum of their squares in the upper half.
    var waiting = 0
    private var (blues, greens, reds) = (0 as UInt64, 0 as UInt64, 0 as UInt64)
    private var (saturations, values, hues) = (0 as UInt64, 0 as UInt64, 0 as UInt64)

    /// Adds pixels to the stretch, which must have room for them.
    ///
    /// - Parameter directions: three numbers for each pixel of a stretch: the hue in sixths of the circle from the channel that
    ///   it is nearest to, then that channel's cosine and sine, or twice 0 for gray.
    @inline(__always)
    mutating func add(_ pixels: UnsafePointer<BGR<UInt8>>, _ count: Int, _ tables: ColorTables.Pointers, _ directions: UnsafeMutablePointer<Double>) {
        let turns = directions + waiting
        let (cosines, sines) = (turns + ColorSums.stretch, turns + 2 * ColorSums.stretch)
        var (blues, greens, reds, saturations, values, hues) = (self.blues, self.greens, self.reds, self.saturations, self.values, self.hues)
        var gray = 0
        for x in 0..<count {
            let (b, g, r) = (Int(pixels[x].blue), Int(pixels[x].green), Int(pixels[x].red))
            let high = max(b, g, r)
            let span = high &- min(b, g, r)
            let isRed = high == r
            let isGreen = high == g
            let part = isRed ? g &- b : isGreen ? b &- r : r &- g
            let third = isRed ? 0 : isGreen ? 1 : 2
            let saturation = (span &* Int(tables.quotients[high]) &+ 2048) &>> 12
            let turn = ((part &+ 2 &* third &* span) &* Int(tables.quotients[256 &+ span]) &+ 2048) &>> 12
            // A whole turn more where the number is negative.
            let hue = turn &+ (turn &>> 63 & 180)
            blues &+= tables.sums[b]
            greens &+= tables.sums[g]
            reds &+= tables.sums[r]
            saturations &+= tables.sums[saturation]
            values &+= tables.sums[high]
            hues &+= tables.sums[hue]
            turns[x] = Double(part) * tables.numbers[span]
            let direction = tables.numbers + (span == 0 ? 256 &+ 6 : 256 &+ 2 &* third)
            cosines[x] = direction[0]
            sines[x] = direction[1]
            gray &+= span == 0 ? 1 : 0
        }
        (self.blues, self.greens, self.reds, self.saturations, self.values, self.hues) = (blues, greens, reds, saturations, values, hues)
        waiting &+= count
        saturated &+= count &- gray
    }

    /// Adds the stretch to the channels and the directions to their sums.
    mutating func flush(_ directions: UnsafeMutablePointer<Double>) {
        blue.add(stretch: blues)
        green.add(stretch: greens)
        red.add(stretch: reds)
        saturation.add(stretch: saturations)
        value.add(stretch: values)
        hue.add(stretch: hues)
        (blues, greens, reds, saturations, values, hues) = (0, 0, 0, 0, 0, 0)
        let (turns, cosines, sines) = (directions, directions + ColorSums.stretch, directions + 2 * ColorSums.stretch)
        // Stretches are even, so that an odd number of pixels has room for one more direction.
        if waiting & 1 == 1 { (turns[waiting], cosines[waiting], sines[waiting]) = (0, 0, 0) }
        var (sumX, sumY) = (SIMD2(0.0, 0.0), SIMD2(0.0, 0.0))
        for pair in 0..<((waiting &+ 1) &>> 1) {
            let place = 2 &* pair
            let (cosine, sine) = direction(SIMD2(turns[place], turns[place &+ 1]))
            let (c, s) = (SIMD2(cosines[place], cosines[place &+ 1]), SIMD2(sines[place], sines[place &+ 1]))
            sumX += cosine * c - sine * s
            sumY += sine * c + cosine * s
        }
        x += sumX[0] + sumX[1]
        y += sumY[0] + sumY[1]
        waiting = 0
    }

    /// - Parameter quotients: of span and largest channel the saturation, and of turn and span the hue from −30 to 150; the turn
    ///   is the hue in sixths of the circle times the span.
    @inline(__always)
    mutating func add(_ b: Int, _ g: Int, _ r: Int, quotients: (_ span: Int, _ high: Int, _ turn: Int) -> (saturation: Int, hue: Int)) {
        let high = max(b, g, r)
        let span = high &- min(b, g, r)
        blue.add(b)
        green.add(g)
        red.add(r)
        value.add(high)
        guard span > 0 else { return }
        // Difference within the third of the circle around red, green or blue, and which third.
        let (part, third) = high == r ? (g &- b, 0) : high == g ? (b &- r, 1) : (r &- g, 2)
        let (saturation, turned) = quotients(span, high, part &+ 2 &* third &* span)
        self.saturation.add(saturation)
        hue.add(turned < 0 ? turned &+ 180 : turned)
        saturated &+= 1
        let (cosines, sines) = direction(SIMD2(repeating: Double(part) / Double(span)))
        let (cosine, sine) = (cosines[0], sines[0])
        // Turned by 0, 120 or 240°.
        let (c, s) = third == 0 ? (1, 0) : (-0.5, third == 1 ? halfRootOf3 : -halfRootOf3)
        x += cosine * c - sine * s
        y += sine * c + cosine * s
    }
}

/// Cosine and sine of 60° · t for t in −1 ... 1, of length 1; the angle's error is below 1e-7°.
///
/// By the tangent of half the angle, a fitted polynomial: an object of one hue then has a deviation of 0 whatever that error is.
@inline(__always)
private func direction(_ t: SIMD2<Double>) -> (cosine: SIMD2<Double>, sine: SIMD2<Double>) {
    let q = t * t
    let outer = 0.0005842234699367895 + q * (6.106290333037634e-05 + q * 1.018947891613694e-05)
    let tangent = t * (0.5235987750292117 + q * (0.04784923296090772 + q * (0.005246784743715013 + q * outer)))
    let square = tangent * tangent
    let scale = 1 / (1 + square)
    return ((1 - square) * scale, 2 * tangent * scale)
}
