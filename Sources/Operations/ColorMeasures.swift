import Raster

/// Mean and population standard deviation of each channel, and of hue, saturation and value, over a mask.
public struct ColorMeasures: Hashable, Sendable {
    public struct Channel: Hashable, Sendable {
        public let mean: Double
        public let deviation: Double
    }

    public let blue, green, red, saturation, value: Channel
    /// Hue in degrees, 0 ..< 360: mean direction of the saturated pixels' hues on the circle; nil where all are gray.
    public let hueMean: Double?
    /// Circular standard deviation in degrees: √(−2 ln R); nil where all pixels are gray.
    public let hueDeviation: Double?

    /// Measures the pixels of `mask` that lie inside `image`; nil when there are none. Complexity: one pass over them.
    public init?(_ mask: Mask, image: Image<BGR<UInt8>>) {
        let inside = image.bounds.contains(mask.bounds) ? mask : mask.clipped(to: image.bounds)
        guard !inside.isEmpty else { return nil }
        var sums = [Double](repeating: 0, count: 5)
        var squares = sums
        var hues = [Int](repeating: 0, count: 1530)
        var count = 0
        image.withBuffer { pixels in
            for run in inside.runs {
                for x in Int(run.first)...Int(run.last) {
                    let pixel = pixels[Int(run.y) * image.width + x]
                    let (b, g, r) = (Int(pixel.blue), Int(pixel.green), Int(pixel.red))
                    let (high, low) = (max(b, g, r), min(b, g, r))
                    let span = high - low
                    let saturation = high == 0 ? 0 : Double(span) / Double(high) * 255
                    for (index, value) in [Double(b), Double(g), Double(r), saturation, Double(high)].enumerated() {
                        sums[index] += value
                        squares[index] += value * value
                    }
                    if span > 0 {
                        // Hue in steps of 360/1530 degrees.
                        let turn = high == r ? Double(g - b) / Double(span) : high == g ? 2 + Double(b - r) / Double(span) : 4 + Double(r - g) / Double(span)
                        hues[(Int((turn * 255).rounded()) + 1530) % 1530] += 1
                    }
                    count += 1
                }
            }
        }
        func channel(_ index: Int) -> Channel {
            let mean = sums[index] / Double(count)
            return Channel(mean: mean, deviation: max(0, squares[index] / Double(count) - mean * mean).squareRoot())
        }
        (blue, green, red, saturation, value) = (channel(0), channel(1), channel(2), channel(3), channel(4))
        (hueMean, hueDeviation) = circularStatistics(hues)
    }

    /// Columns in the order of `values()`.
    public static let columns: [MeasureColumn] = table.columns

    /// Values in the order of `columns`.
    public func values() -> [Double?] { ColorMeasures.table.values(self, pixelSize: nil) }

    private static let table: MeasureTable<ColorMeasures> = {
        var table = MeasureTable<ColorMeasures>()
        let channels: [(String, String, @Sendable (ColorMeasures) -> Channel)] = [
            ("blue", "Blue", { $0.blue }), ("green", "Green", { $0.green }), ("red", "Red", { $0.red }),
            ("saturation", "Saturation", { $0.saturation }), ("value", "Value", { $0.value }),
        ]
        for (name, title, channel) in channels {
            table.add("\(name)_mean", .gray, "\(title), mean", "mean over the object's pixels, 0 to 255", source: "OpenCV's BGR and HSV") { channel($0).mean }
            table.add("\(name)_std", .gray, "\(title), deviation", "population standard deviation over the object's pixels", source: "OpenCV's BGR and HSV") {
                channel($0).deviation
            }
        }
        table.add("hue_mean", .degrees, "Hue, mean", "mean direction of the hues of pixels that are not gray, 0 to 360; empty where all are", source: "ours; hue is an angle") {
            $0.hueMean
        }
        table.add("hue_std", .degrees, "Hue, deviation", "circular standard deviation √(−2 ln R) of the hues of pixels that are not gray", source: "SciPy's circstd") {
            $0.hueDeviation
        }
        return table
    }()
}
