import Raster

extension ImageFile {
    /// The pixels inside `part` of the picture turned upright, in memory of that part where the picture needs no turning.
    ///
    /// - Precondition: `part` lies inside the upright picture.
    package static func decode(
        descriptor: Int32, name: String, page: Int, orientation: Int, part: Rect, limits: DecodeLimits = .standard, isCancelled: () -> Bool = { false }
    ) throws(CodecError) -> AnyImage {
        if (2...8).contains(orientation) {
            let whole = try decode(descriptor: descriptor, name: name, page: page, limits: limits, orientation: orientation, isCancelled: isCancelled)
            return whole.cropped(to: part)
        }
        let reader = try rows(descriptor: descriptor, name: name, page: page, limits: limits)
        switch (reader.header.channels, reader.header.bitsPerSample) {
        case (1, 8): return .gray8(try reader.readPart(part, name, isCancelled))
        case (1, 16): return .gray16(try reader.readPart(part, name, isCancelled))
        case (3, 8): return .color8(try reader.readPart(part, name, isCancelled))
        default: return .color16(try reader.readPart(part, name, isCancelled))
        }
    }
}

extension ImageRowReader {
    fileprivate func readPart<Pixel>(_ part: Rect, _ name: String, _ isCancelled: () -> Bool) throws(CodecError) -> Image<Pixel> {
        let rowBytes = header.rowBytes
        precondition(Rect(x: 0, y: 0, width: header.width, height: header.height).contains(part), "part \(part) of \(header.width) × \(header.height)")
        var failure: CodecError?
        let image = Image<Pixel>(width: part.width, height: part.height) { pixels in
            let target = UnsafeMutableRawBufferPointer(pixels)
            let size = MemoryLayout<Pixel>.stride
            var strip = [UInt8](repeating: 0, count: 64 * rowBytes)
            strip.withUnsafeMutableBufferPointer { strip in
                let bytes = UnsafeMutableRawBufferPointer(strip)
                do throws(CodecError) {
                    for top in stride(from: 0, to: part.maxY, by: 64) {
                        if isCancelled() { throw .cancelled(file: name) }
                        let count = min(64, part.maxY - top)
                        try readRows(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<(count * rowBytes)]), count: count)
                        for y in max(top, part.y)..<max(top, part.y, top + count) {
                            (target.baseAddress! + (y - part.y) * part.width * size)
                                .copyMemory(from: bytes.baseAddress! + (y - top) * rowBytes + part.x * size, byteCount: part.width * size)
                        }
                    }
                } catch { failure = error }
            }
        }
        if let failure { throw failure }
        return image
    }
}
