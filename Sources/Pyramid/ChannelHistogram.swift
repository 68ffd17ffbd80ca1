import Raster

/// Counts of the values of one channel.
package struct ChannelHistogram: Sendable, Equatable {
    /// "gray", or "red", "green", "blue" in this order.
    package var name: String
    /// Smallest and largest value there is.
    package var low: Int
    package var high: Int
    /// Of 256 equal parts of 0 ... 255 (8 bits), or of `low` ... `high` (16 bits).
    package var counts: [Int]
    /// Window that shows the picture well: all values but the outermost ten-thousandth at each end, so that a few hot pixels do
    /// not darken the rest.
    package var auto: ClosedRange<Int>

    /// One for each channel of an image that is not empty.
    package static func all(of image: AnyImage) -> [ChannelHistogram] {
        switch image {
        case .gray8(let image): [Self(name: "gray", counts(image, most: 255) { Int($0) })]
        case .gray16(let image): [Self(name: "gray", counts(image, most: 65_535) { Int($0) })]
        case .color8(let image):
            [
                Self(name: "red", counts(image, most: 255) { Int($0.red) }), Self(name: "green", counts(image, most: 255) { Int($0.green) }),
                Self(name: "blue", counts(image, most: 255) { Int($0.blue) }),
            ]
        case .color16(let image):
            [
                Self(name: "red", counts(image, most: 65_535) { Int($0.red) }), Self(name: "green", counts(image, most: 65_535) { Int($0.green) }),
                Self(name: "blue", counts(image, most: 65_535) { Int($0.blue) }),
            ]
        }
    }

    private static func counts<Pixel>(_ image: Image<Pixel>, most: Int, _ value: (Pixel) -> Int) -> [Int] {
        var counts = [Int](repeating: 0, count: most + 1)
        counts.withUnsafeMutableBufferPointer { counts in
            image.withBuffer { pixels in for pixel in pixels { counts[value(pixel)] += 1 } }
        }
        return counts
    }

    init(name: String, _ all: [Int]) {
        self.name = name
        low = all.firstIndex { $0 > 0 } ?? 0
        high = all.lastIndex { $0 > 0 } ?? 0
        auto = Self.window(all)
        if all.count == 256 {
            counts = all
        } else {
            counts = Array(repeating: 0, count: 256)
            let span = high - low + 1
            for value in low...high { counts[(value - low) * 256 / span] += all[value] }
        }
    }

    /// The window of values that are counted in `counts`, never empty.
    static func window(_ counts: [Int]) -> ClosedRange<Int> {
        let tail = counts.reduce(0, +) / 10_000
        func firstBeyondTail(_ values: some Sequence<Int>) -> Int? {
            var sum = 0
            for value in values {
                sum += counts[value]
                if sum > tail { return value }
            }
            return nil
        }
        let most = counts.count - 1
        guard let low = firstBeyondTail(0...most), let high = firstBeyondTail((0...most).reversed()) else { return 0...most }
        return high > low ? low...high : max(0, low - 1)...min(most, low + 1)
    }
}
