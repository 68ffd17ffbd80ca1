import Raster

/// Separable scaling of a part with borders at fractions of a pixel.
enum Resampling {
    /// Which source pixels make one target pixel along an axis, with weights that add up to 1.
    struct Tap {
        var first: Int
        var weights: [Float]
    }

    /// - Parameters:
    ///   - from, to: the part of the axis to show, in source pixels; pixel i covers i ..< i + 1.
    ///   - count: number of source pixels.
    ///   - wanted: number of target pixels.
    static func taps(from start: Double, to end: Double, count: Int, wanted: Int) -> [Tap] {
        let step = (end - start) / Double(wanted)
        return (0..<wanted).map { index in
            let low = start + Double(index) * step
            if step >= 1 {
                let high = min(low + step, Double(count))
                let first = min(count - 1, max(0, Int(low)))
                let last = min(count - 1, max(first, Int(high.rounded(.up)) - 1))
                let shares = (first...last).map { Float(max(0, min(high, Double($0 + 1)) - max(low, Double($0)))) }
                let total = shares.reduce(0, +)
                return total > 0 ? Tap(first: first, weights: shares.map { $0 / total }) : Tap(first: first, weights: [1])
            }
            let center = min(Double(count - 1), max(0, low + step / 2 - 0.5))
            let first = min(Int(center), max(0, count - 2))
            let share = Float(center - Double(first))
            return count == 1 ? Tap(first: 0, weights: [1]) : Tap(first: first, weights: [1 - share, share])
        }
    }

    static func image(_ source: AnyImage, columns: [Tap], rows: [Tap]) -> AnyImage {
        switch source {
        case .gray8(let image): .gray8(resampled(image, UInt8.self, columns, rows))
        case .gray16(let image): .gray16(resampled(image, UInt16.self, columns, rows))
        case .color8(let image): .color8(resampled(image, UInt8.self, columns, rows))
        case .color16(let image): .color16(resampled(image, UInt16.self, columns, rows))
        }
    }

    private static func resampled<Pixel, Sample: FixedWidthInteger & UnsignedInteger>(
        _ source: Image<Pixel>, _: Sample.Type, _ columns: [Tap], _ rows: [Tap]
    ) -> Image<Pixel> {
        let channels = MemoryLayout<Pixel>.stride / MemoryLayout<Sample>.stride
        let width = columns.count * channels
        let most = Float(Sample.max)
        // Source rows scaled across; each is asked for by neighbouring target rows only.
        var scaled: [Int: [Float]] = [:]
        var sum = [Float](repeating: 0, count: width)
        return Image(width: columns.count, height: rows.count) { target in
            let out = UnsafeMutableRawBufferPointer(target).assumingMemoryBound(to: Sample.self)
            source.withBuffer { pixels in
                let from = UnsafeRawBufferPointer(pixels).assumingMemoryBound(to: Sample.self)
                for (y, row) in rows.enumerated() {
                    for known in Array(scaled.keys) where known < row.first { scaled[known] = nil }
                    for index in sum.indices { sum[index] = 0.5 }
                    for (offset, weight) in row.weights.enumerated() {
                        let line = scaled[row.first + offset] ?? across(from, (row.first + offset) * source.width * channels, channels, columns)
                        // Only the last ones may be asked for by the next row.
                        if offset + 2 >= row.weights.count { scaled[row.first + offset] = line }
                        for index in 0..<width { sum[index] += weight * line[index] }
                    }
                    for index in 0..<width { out[y * width + index] = Sample(max(0, min(most, sum[index]))) }
                }
            }
        }
    }

    private static func across<Sample: FixedWidthInteger & UnsignedInteger>(
        _ samples: UnsafeBufferPointer<Sample>, _ start: Int, _ channels: Int, _ columns: [Tap]
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: columns.count * channels) { buffer, written in
            for (index, tap) in columns.enumerated() {
                for channel in 0..<channels {
                    var place = start + tap.first * channels + channel
                    var sum: Float = 0
                    for weight in tap.weights {
                        sum += weight * Float(samples[place])
                        place += channels
                    }
                    buffer[index * channels + channel] = sum
                }
            }
            written = columns.count * channels
        }
    }
}
