import Raster

/// How pixels of a new size are made from those of the old.
public enum Resampling: Sendable, Hashable {
    /// Mean over the area of the old image that the new pixel covers: for shrinking.
    case area
    /// Linear between the four nearest pixel centres; for enlarging.
    case bilinear
    /// The pixel under the new pixel's upper left corner: for masks and labels, makes no new levels.
    case nearest
}

extension Image where Pixel == UInt8 {
    /// The image at another size, rounded to the nearest level.
    ///
    /// - Throws: `.outOfRange` for a size below 1 × 1; `.emptyImage` when there are no pixels to enlarge.
    /// - Complexity: old plus new pixels.
    /// - Source: `cv2.resize` with `INTER_AREA` (shrinking), `INTER_LINEAR`, `INTER_NEAREST`; the first two within one level, as
    ///   OpenCV's own weights are rounded.
    public func resized(width: Int, height: Int, _ resampling: Resampling = .area) throws(OperationError) -> Image<UInt8> {
        try resampled(width, height, resampling)
    }
}

extension Image where Pixel == UInt16 {
    /// The image at another size, as for 8 bits.
    public func resized(width: Int, height: Int, _ resampling: Resampling = .area) throws(OperationError) -> Image<UInt16> {
        try resampled(width, height, resampling)
    }
}

extension Image where Pixel == BGR<UInt8> {
    /// The image at another size, each channel for itself.
    public func resized(width: Int, height: Int, _ resampling: Resampling = .area) throws(OperationError) -> Image<BGR<UInt8>> {
        try resampled(width, height, resampling)
    }
}

extension Image where Pixel == BGR<UInt16> {
    /// The image at another size, each channel for itself.
    public func resized(width: Int, height: Int, _ resampling: Resampling = .area) throws(OperationError) -> Image<BGR<UInt16>> {
        try resampled(width, height, resampling)
    }
}

extension AnyImage {
    /// The image at another size, each channel for itself.
    public func resized(width: Int, height: Int, _ resampling: Resampling = .area) throws(OperationError) -> AnyImage {
        switch self {
        case .gray8(let image): .gray8(try image.resized(width: width, height: height, resampling))
        case .gray16(let image): .gray16(try image.resized(width: width, height: height, resampling))
        case .color8(let image): .color8(try image.resized(width: width, height: height, resampling))
        case .color16(let image): .color16(try image.resized(width: width, height: height, resampling))
        }
    }
}

extension Image where Pixel: FilterPixel {
    private func resampled(_ newWidth: Int, _ newHeight: Int, _ resampling: Resampling) throws(OperationError) -> Image {
        guard newWidth > 0, newHeight > 0 else {
            throw .outOfRange(operation: "resize", parameter: "size", value: "\(newWidth) × \(newHeight)", allowed: "at least 1 × 1")
        }
        guard !isEmpty else { throw .emptyImage(operation: "resize") }
        if newWidth == width, newHeight == height { return self }
        switch resampling {
        case .nearest: return nearest(newWidth, newHeight)
        case .area: return weighted(Shares(covering: width, newWidth), Shares(covering: height, newHeight))
        case .bilinear: return interpolated(newWidth, newHeight)
        }
    }

    private func nearest(_ newWidth: Int, _ newHeight: Int) -> Image {
        let columns = (0..<newWidth).map { $0 * width / newWidth }
        return Image(width: newWidth, height: newHeight) { target in
            withBuffer { source in
                columns.withUnsafeBufferPointer { columns in
                    for y in 0..<newHeight {
                        let (from, to) = (source.baseAddress! + y * height / newHeight * width, target.baseAddress! + y * newWidth)
                        for x in 0..<newWidth { (to + x).initialize(to: from[columns[x]]) }
                    }
                }
            }
        }
    }

    /// Each old row is widened once; new rows are mixed of two of them.
    private func interpolated(_ newWidth: Int, _ newHeight: Int) -> Image {
        let (across, down) = (Places(between: width, newWidth), Places(between: height, newHeight))
        return Image(width: newWidth, height: newHeight, writingSamples: { target in
            withSamples { plane in
                let (count, channels, newCount) = (plane.rowCount, plane.channels, newWidth * plane.channels)
                // One place more, which counts for nothing after the last.
                let line = UnsafeMutablePointer<Float>.allocate(capacity: count + channels + 3 * newCount)
                defer { line.deallocate() }
                let (wide, result) = (line + count + channels, line + count + channels + 2 * newCount)
                (line + count).initialize(repeating: 0, count: channels)
                // Row y is widened to slot y % 2.
                var ready = [-1, -1]
                func widened(_ y: Int) -> UnsafePointer<Float> {
                    let slot = wide + y % 2 * newCount
                    if ready[y % 2] != y {
                        Pixel.Sample.widen(plane.row(y), line, count: count)
                        for channel in 0..<channels { across.apply(line + channel, slot + channel, channels: channels) }
                        ready[y % 2] = y
                    }
                    return UnsafePointer(slot)
                }
                for y in 0..<newHeight {
                    let (row, part) = (Int(down.first[y]), down.part[y])
                    let upper = widened(row)
                    let lower = part == 0 ? upper : widened(row + 1)
                    for x in 0..<newCount { result[x] = upper[x] + (lower[x] - upper[x]) * part }
                    Pixel.Sample.narrow(result, target + y * newCount, count: newCount)
                }
            }
        })
    }

    /// First down the columns, which runs along memory, then along the one row that is left.
    private func weighted(_ across: Shares, _ down: Shares) -> Image {
        let (newWidth, newHeight) = (across.count, down.count)
        return Image(width: newWidth, height: newHeight, writingSamples: { target in
            withSamples { plane in
                let (count, newCount) = (plane.rowCount, newWidth * plane.channels)
                let sums = UnsafeMutablePointer<Float>.allocate(capacity: 2 * count + newCount)
                let (line, result) = (sums + count, sums + 2 * count)
                defer { sums.deallocate() }
                for y in 0..<newHeight {
                    let share = down.shares[y]
                    sums.initialize(repeating: 0, count: count)
                    // Whole rows are added unweighted and weighted once: they are most of a shrunken image.
                    if share.whole > 0 {
                        Pixel.Sample.add(plane.row(Int(share.first) + 1), stride: count, rows: Int(share.whole), to: sums, count: count)
                        for x in 0..<count { sums[x] *= down.unit }
                    }
                    for (row, weight) in [(Int(share.first), share.firstWeight), (Int(share.last), share.lastWeight)] where weight > 0 {
                        Pixel.Sample.widen(plane.row(row), line, count: count)
                        for x in 0..<count { sums[x] += line[x] * weight }
                    }
                    across.apply(sums, result, channels: plane.channels)
                    Pixel.Sample.narrow(result, target + y * newCount, count: newCount)
                }
            }
        })
    }
}

/// Which old places a new one is made of along one axis: the first, the last, and `whole` ones of equal weight in between.
private struct Shares {
    struct Share {
        var first: Int32
        var last: Int32
        var whole: Int32
        var firstWeight: Float
        var lastWeight: Float
    }

    let shares: [Share]
    /// Weight of a place that is wholly covered.
    let unit: Float
    var count: Int { shares.count }

    /// Old places by how much of them the new one covers.
    init(covering old: Int, _ new: Int) {
        unit = Float(new) / Float(old)
        shares = (0..<new).map { place in
            // In units of 1 / new of an old place, so that nothing is lost to rounding.
            let (start, end) = (place * old, (place + 1) * old)
            let (first, last) = (start / new, (end - 1) / new)
            let firstPart = min(end, (first + 1) * new) - start
            let lastPart = last > first ? end - last * new : 0
            return Share(
                first: Int32(first), last: Int32(last), whole: Int32(max(0, last - first - 1)), firstWeight: Float(firstPart) / Float(old),
                lastWeight: Float(lastPart) / Float(old))
        }
    }

    /// One row.
    func apply(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, channels: Int) {
        shares.withUnsafeBufferPointer { shares in
            for channel in 0..<channels {
                let line = from + channel
                for (place, share) in shares.enumerated() {
                    let (first, last) = (Int(share.first), Int(share.last))
                    var sum: Float = 0
                    if share.whole > 0 {
                        for x in (first &+ 1)..<last { sum += line[x &* channels] }
                        sum *= unit
                    }
                    to[place &* channels &+ channel] = sum + line[first &* channels] * share.firstWeight + line[last &* channels] * share.lastWeight
                }
            }
        }
    }
}

/// Which two neighbours a new place lies between along one axis, and how far from the first; beyond the outermost centres their level goes on.
private struct Places {
    let first: [Int32]
    /// 0 ..< 1; 0 where there is no second.
    let part: [Float]

    init(between old: Int, _ new: Int) {
        let centres = (0..<new).map { min(max((Double($0) + 0.5) * Double(old) / Double(new) - 0.5, 0), Double(old - 1)) }
        first = centres.map { Int32($0) }
        part = centres.map { Float($0 - $0.rounded(.down)) }
    }

    func apply(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, channels: Int) {
        first.withUnsafeBufferPointer { first in
            part.withUnsafeBufferPointer { part in
                for place in 0..<first.count {
                    let line = from + Int(first[place]) &* channels
                    to[place &* channels] = line[0] + (line[channels] - line[0]) * part[place]
                }
            }
        }
    }
}
