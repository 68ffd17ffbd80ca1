import Codecs
import Raster

/// Many small pictures as one JPEG: square cells, row by row, each picture in the middle of its cell.
package struct ContactSheet: Sendable {
    package let count: Int
    package let cell: Int
    package let columns: Int
    /// RRGGBB around the pictures.
    package let background: UInt32

    /// The pixels of one object's cut, and how they are scaled.
    package struct Picture: Sendable {
        package var cut: VignetteCut
        /// 1 gray, 3 blue green red.
        package var channels: Int
        /// Of `cut.part`, row by row; of the cell's `cut.width` × `cut.height` once it is fitted.
        package private(set) var pixels: [UInt8]
        fileprivate var isFitted = false

        package init(cut: VignetteCut, channels: Int, pixels: [UInt8]) {
            precondition(pixels.count == cut.part.width * cut.part.height * channels, "\(pixels.count) bytes for \(cut.part)")
            (self.cut, self.channels, self.pixels) = (cut, channels, pixels)
        }

        /// The same picture, scaled to the size that it has in its cell.
        package func fitted() -> Self {
            var picture = self
            if !isFitted { (picture.pixels, picture.isFitted) = (ContactSheet.scaled(self), true) }
            return picture
        }
    }

    package init(count: Int, cell: Int, columns: Int, background: UInt32 = 0xFFFFFF) {
        precondition(count > 0 && cell > 0 && columns > 0, "a sheet of \(count) cells of \(cell) in \(columns) columns")
        (self.count, self.cell, self.columns, self.background) = (count, cell, min(columns, count), background)
    }

    package var width: Int { columns * cell }
    package var height: Int { (count + columns - 1) / columns * cell }

    /// - Parameter pictures: `count`, nil for an empty cell.
    package func encoded(_ pictures: [Picture?], quality: Int = 85) throws(CodecError) -> [UInt8] {
        precondition(pictures.count == count, "\(pictures.count) pictures for \(count) cells")
        let channels = pictures.contains { $0?.channels == 3 } ? 3 : 1
        let writer = try JPEGRowWriter(
            to: .memory, shape: PictureShape(width: width, height: height, channels: channels, bitsPerSample: 8), quality: quality)
        // One row of cells at a time, so that memory does not grow with the sheet.
        var rows = [UInt8](repeating: 0, count: width * cell * channels)
        for first in stride(from: 0, to: count, by: columns) {
            clear(&rows, channels)
            for index in first..<min(count, first + columns) {
                if let picture = pictures[index] { place(picture, column: index - first, &rows, channels) }
            }
            try rows.withUnsafeBufferPointer { bytes throws(CodecError) in try writer.writeRows(UnsafeRawBufferPointer(bytes), count: cell) }
        }
        try writer.finish()
        return Array(writer.file)
    }

    private func clear(_ rows: inout [UInt8], _ channels: Int) {
        let (red, green, blue) = (background >> 16 & 255, background >> 8 & 255, background & 255)
        if channels == 1 {
            let gray = UInt8((9798 * red + 19235 * green + 3735 * blue + 16384) >> 15)
            for index in rows.indices { rows[index] = gray }
        } else {
            for index in stride(from: 0, to: rows.count, by: 3) { (rows[index], rows[index + 1], rows[index + 2]) = (UInt8(blue), UInt8(green), UInt8(red)) }
        }
    }

    /// In the middle of its cell.
    private func place(_ picture: Picture, column: Int, _ rows: inout [UInt8], _ channels: Int) {
        let (picture, cut) = (picture.fitted(), picture.cut)
        let (x, y) = (column * cell + (cell - cut.width) / 2, (cell - cut.height) / 2)
        picture.pixels.withUnsafeBufferPointer { from in
            rows.withUnsafeMutableBufferPointer { rows in
                for row in 0..<cut.height {
                    let (source, target) = (row * cut.width * picture.channels, ((y + row) * width + x) * channels)
                    if picture.channels == channels {
                        for at in 0..<(cut.width * channels) { rows[target &+ at] = from[source &+ at] }
                    } else {
                        for at in 0..<(cut.width * channels) { rows[target &+ at] = from[source &+ at / channels] }
                    }
                }
            }
        }
    }

    /// Down the columns first, which runs along memory, then along each row.
    private static func scaled(_ picture: Picture) -> [UInt8] {
        let (cut, channels) = (picture.cut, picture.channels)
        // A small pyramid has no level that is coarse enough for a large object in a small cell.
        let factor = max(1, Int(max((cut.right - cut.left) / Double(cut.width), (cut.bottom - cut.top) / Double(cut.height)) / 2 + 0.99))
        let (pixels, partWidth, partHeight) = factor == 1 ? (picture.pixels, cut.part.width, cut.part.height) : reduced(picture, by: factor)
        let unit = Double(factor)
        let across = taps(from: cut.left / unit, to: min(Double(partWidth), cut.right / unit), count: partWidth, wanted: cut.width)
        let down = taps(from: cut.top / unit, to: min(Double(partHeight), cut.bottom / unit), count: partHeight, wanted: cut.height)
        let samples = partWidth * channels
        // Two pixels more, which count for nothing: every tap reads three.
        var line = [UInt16](repeating: 0, count: samples + 2 * channels)
        return [UInt8](unsafeUninitializedCapacity: cut.width * cut.height * channels) { scaled, count in
            var target = 0
            pixels.withUnsafeBufferPointer { from in
                line.withUnsafeMutableBufferPointer { line in
                    for tap in down {
                        let last = partHeight - 1
                        let (a, b, c) = (tap.first * samples, min(last, tap.first + 1) * samples, min(last, tap.first + 2) * samples)
                        for at in 0..<samples {
                            line[at] = UInt16(from[a &+ at]) &* tap.weights.0 &+ UInt16(from[b &+ at]) &* tap.weights.1 &+ UInt16(from[c &+ at]) &* tap.weights.2
                        }
                        for tap in across {
                            let at = tap.first &* channels
                            for channel in 0..<channels {
                                let place = at &+ channel
                                let sum = UInt32(line[place]) &* UInt32(tap.weights.0) &+ UInt32(line[place &+ channels]) &* UInt32(tap.weights.1)
                                    &+ UInt32(line[place &+ 2 &* channels]) &* UInt32(tap.weights.2)
                                scaled[target] = UInt8(truncatingIfNeeded: (sum &+ 0x8000) >> 16)
                                target &+= 1
                            }
                        }
                    }
                }
            }
            count = target
        }
    }

    /// Means of `factor` × `factor` pixels, fewer at the right and lower edge.
    private static func reduced(_ picture: Picture, by factor: Int) -> (pixels: [UInt8], width: Int, height: Int) {
        let (part, channels) = (picture.cut.part, picture.channels)
        let (width, height) = ((part.width + factor - 1) / factor, (part.height + factor - 1) / factor)
        var sums = [UInt32](repeating: 0, count: width * height * channels)
        for y in 0..<part.height {
            for x in 0..<part.width {
                for channel in 0..<channels {
                    sums[(y / factor * width + x / factor) * channels + channel] += UInt32(picture.pixels[(y * part.width + x) * channels + channel])
                }
            }
        }
        for y in 0..<height {
            for x in 0..<width {
                let count = UInt32(min(factor, part.width - x * factor) * min(factor, part.height - y * factor))
                for channel in 0..<channels { sums[(y * width + x) * channels + channel] = (sums[(y * width + x) * channels + channel] + count / 2) / count }
            }
        }
        return (sums.map { UInt8($0) }, width, height)
    }

    /// Three neighbours and their shares in 256ths; as the pixels are at most twice too fine, no target pixel needs more.
    private struct Tap {
        var first: Int
        var weights: (UInt16, UInt16, UInt16)
    }

    /// Means of the covered area for shrinking, linear between pixel centres for enlarging.
    private static func taps(from start: Double, to end: Double, count: Int, wanted: Int) -> [Tap] {
        let step = (end - start) / Double(wanted)
        return (0..<wanted).map { index in
            let low = start + Double(index) * step
            guard step > 1 else {
                let center = min(Double(count - 1), max(0, low + step / 2 - 0.5))
                let first = Int(center)
                let share = UInt16((center - Double(first)) * 256)
                return Tap(first: first, weights: (256 - share, share, 0))
            }
            let high = min(Double(count), low + step)
            let first = min(count - 1, max(0, Int(low)))
            func share(_ place: Int) -> Double { max(0, min(high, Double(place + 1)) - max(low, Double(place))) }
            let (second, third) = (share(first + 1), share(first + 2))
            let total = max(1e-9, share(first) + second + third)
            let (b, c) = (UInt16(256 * second / total), UInt16(256 * third / total))
            return Tap(first: first, weights: (256 - b - c, b, c))
        }
    }
}
