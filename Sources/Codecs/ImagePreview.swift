import Raster

extension ImageFile {
    /// A small 8-bit picture of the whole image, no side longer than `maxSide`: means of squares, JPEG decoded at a fraction.
    ///
    /// 16-bit images are spread from their darkest to their brightest mean. Memory is that of the small picture and one row.
    /// - Complexity: JPEG about a third of a full decode; other formats a full decode.
    package static func preview(
        path: String, maxSide: Int, page: Int = 0, limits: DecodeLimits = .standard, orientation: Int = 1
    ) throws(CodecError) -> AnyImage {
        try preview(ImageSource(path: path), maxSide, page, limits, orientation)
    }

    package static func preview(
        descriptor: Int32, name: String, maxSide: Int, page: Int = 0, limits: DecodeLimits = .standard, orientation: Int = 1
    ) throws(CodecError) -> AnyImage {
        try preview(ImageSource(descriptor: descriptor, name: name), maxSide, page, limits, orientation)
    }

    package static func preview(
        bytes: [UInt8], name: String, maxSide: Int, page: Int = 0, limits: DecodeLimits = .standard, orientation: Int = 1
    ) throws(CodecError) -> AnyImage {
        try preview(ImageSource(bytes: bytes, name: name), maxSide, page, limits, orientation)
    }

    /// Rows of the picture at 1, 1/2, 1/4 or 1/8 of its size, the largest with at most `maxPixels`: only JPEG decodes at a
    /// fraction, and of the work; other formats come at full size.
    ///
    /// - Returns: the rows, the size and kind of the whole picture, and the divisor.
    package static func scaledRows(
        descriptor: Int32, name: String, page: Int = 0, limits: DecodeLimits = .standard, maxPixels: Int
    ) throws(CodecError) -> (rows: any ImageRowReader, full: ImageHeader, divisor: Int) {
        let source = try ImageSource(descriptor: descriptor, name: name)
        let reader = try reader(source, page, limits)
        let full = reader.header
        guard full.format == .jpeg else { return (reader, full, 1) }
        for divisor in [1, 2, 4, 8] where divisor == 8 || full.width / divisor * (full.height / divisor) <= maxPixels {
            return (divisor == 1 ? reader : try JPEGRowReader(source, limits: limits, scale: divisor), full, divisor)
        }
        return (reader, full, 1)
    }

    private static func preview(
        _ source: ImageSource, _ maxSide: Int, _ page: Int, _ limits: DecodeLimits, _ orientation: Int
    ) throws(CodecError) -> AnyImage {
        precondition(maxSide > 0, "preview of \(maxSide) pixels")
        var reader = try reader(source, page, limits)
        if reader.header.format == .jpeg {
            let factor = (max(reader.header.width, reader.header.height) + maxSide - 1) / maxSide
            if factor >= 2 { reader = try JPEGRowReader(source, limits: limits, scale: factor >= 8 ? 8 : factor >= 4 ? 4 : 2) }
        }
        let header = reader.header
        let factor = (max(header.width, header.height) + maxSide - 1) / maxSide
        return try reduced(reader, by: factor).oriented(orientation)
    }

    /// Means of `factor` × `factor` pixels, fewer at the right and lower edge, rounded to nearest.
    private static func reduced(_ reader: any ImageRowReader, by factor: Int) throws(CodecError) -> AnyImage {
        let header = reader.header
        let (width, height) = ((header.width + factor - 1) / factor, (header.height + factor - 1) / factor)
        let (channels, samples) = (header.channels, header.width * header.channels)
        let row = UnsafeMutableRawBufferPointer.allocate(byteCount: header.rowBytes, alignment: 16)
        defer { row.deallocate() }
        // A sum is at most 2^16 per pixel of a square of at most 2^20 a side.
        var sums = [UInt64](repeating: 0, count: width * channels)
        var means = [UInt16](repeating: 0, count: width * height * channels)
        for y in 0..<header.height {
            try reader.readRows(into: row, count: 1)
            sums.withUnsafeMutableBufferPointer { sums in
                func add<Sample: FixedWidthInteger & UnsignedInteger>(_ row: UnsafeMutableBufferPointer<Sample>) {
                    var (at, target) = (0, 0)
                    while at < samples {
                        let end = min(samples, at + factor * channels)
                        while at < end {
                            for channel in 0..<channels { sums[target + channel] &+= UInt64(row[at + channel]) }
                            at += channels
                        }
                        target += channels
                    }
                }
                if header.bitsPerSample == 8 { add(row.assumingMemoryBound(to: UInt8.self)) } else { add(row.assumingMemoryBound(to: UInt16.self)) }
            }
            guard y % factor == factor - 1 || y == header.height - 1 else { continue }
            let rows = y % factor + 1
            for x in 0..<width {
                let count = UInt64(rows * min(factor, header.width - x * factor))
                for channel in 0..<channels {
                    means[(y / factor * width + x) * channels + channel] = UInt16((sums[x * channels + channel] + count / 2) / count)
                    sums[x * channels + channel] = 0
                }
            }
        }
        var (low, high) = (0, 255)
        if header.bitsPerSample == 16, let least = means.min(), let most = means.max() { (low, high) = (Int(least), max(Int(most), Int(least) + 1)) }
        let bytes = means.map { UInt8((Int($0) - low) * 255 / (high - low)) }
        guard channels == 3 else { return .gray8(Image(width: width, height: height, pixels: bytes)) }
        return .color8(
            Image(
                width: width, height: height,
                pixels: (0..<(width * height)).map { BGR(blue: bytes[3 * $0], green: bytes[3 * $0 + 1], red: bytes[3 * $0 + 2]) }))
    }
}
