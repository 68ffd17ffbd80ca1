import Codecs
import Raster

extension PyramidFile: TileSource {
    /// A part of the image at any size, put together from the tiles of the level that is just fine enough.
    ///
    /// Shrinking takes the mean of the covered area, enlarging interpolates between pixel centres (bilinear); without scaling
    /// the decoded pixels come as they are. At most four times the pixels asked for, or 17 million, are decoded, however large the image is.
    /// - Parameter box: inside the image, not empty.
    /// - Returns: 8 bits a sample, `width` × `height`.
    package func region(_ box: Rect, width: Int, height: Int) throws -> AnyImage {
        precondition(!box.isEmpty && Rect(x: 0, y: 0, width: self.width, height: self.height).contains(box), "part \(box) is not inside \(self.width) × \(self.height)")
        var shift = 0
        while shift < levels - 1, box.width >> (shift + 1) >= width, box.height >> (shift + 1) >= height { shift += 1 }
        // A long thin answer would need a fine level of a large part; it is made from a coarser one.
        while shift < levels - 1, (box.width >> shift) * (box.height >> shift) > max(4 * width * height, 1 << 24) { shift += 1 }
        let size = layout.levels[levels - 1 - shift]
        let part = Rect(
            minX: box.x >> shift, minY: box.y >> shift, maxX: min(size.width, (box.maxX - 1) >> shift + 1),
            maxY: min(size.height, (box.maxY - 1) >> shift + 1))
        let pixels = try stored(part, level: levels - 1 - shift)
        if part.width == width && part.height == height { return pixels }
        let scale = Double(1 << shift)
        func stretch(_ start: Int, _ end: Int, from origin: Int, count: Int, to wanted: Int) -> [Resampling.Tap] {
            // The last pixel of a level may stand for less than `scale` pixels of the image.
            Resampling.taps(from: Double(start) / scale - Double(origin), to: min(Double(count), Double(end) / scale - Double(origin)), count: count, wanted: wanted)
        }
        let columns = stretch(box.x, box.maxX, from: part.x, count: part.width, to: width)
        let rows = stretch(box.y, box.maxY, from: part.y, count: part.height, to: height)
        return Resampling.image(pixels, columns: columns, rows: rows)
    }

    package func pixels(_ part: Rect, level: Int) throws -> AnyImage? { try stored(part, level: level) }

    /// Pixels of a part of one level.
    private func stored(_ part: Rect, level: Int) throws -> AnyImage {
        guard bitsPerSample == 8 else { return try deep(part, level: level) }
        var gray: Image<UInt8>?
        var color: Image<BGR<UInt8>>?
        if channels == 1 {
            gray = Image(width: part.width, height: part.height, repeating: 255)
        } else {
            color = Image(width: part.width, height: part.height, repeating: BGR(blue: 255, green: 255, red: 255))
        }
        for row in (part.y / tileSize)...((part.maxY - 1) / tileSize) {
            for column in (part.x / tileSize)...((part.maxX - 1) / tileSize) {
                guard let bytes = try tile(z: level, x: column, y: row) else { continue }
                let origin = (x: column * tileSize - part.x, y: row * tileSize - part.y)
                switch try ImageFile.decode(bytes: bytes, name: "tile \(level)/\(column)/\(row)") {
                case .gray8(let tile):
                    gray?.paste(tile, at: origin)
                    color?.paste(Image(width: tile.width, height: tile.height, pixels: tile.withBuffer { $0.map { BGR(blue: $0, green: $0, red: $0) } }), at: origin)
                case .color8(let tile): color?.paste(tile, at: origin)
                case .gray16, .color16: continue  // JPEG tiles have 8 bits.
                }
            }
        }
        return gray.map { .gray8($0) } ?? .color8(color!)
    }

    private func deep(_ part: Rect, level: Int) throws -> AnyImage {
        if channels == 1 {
            return .gray16(try gathered(part, level: level, 0) { samples, index in UInt16(littleEndian: samples[index]) })
        }
        // As TIFF has them: red, green, blue.
        return .color16(
            try gathered(part, level: level, BGR<UInt16>(blue: 0, green: 0, red: 0)) { samples, index in
                BGR(
                    blue: UInt16(littleEndian: samples[3 * index + 2]), green: UInt16(littleEndian: samples[3 * index + 1]),
                    red: UInt16(littleEndian: samples[3 * index]))
            })
    }

    private func gathered<Pixel>(
        _ part: Rect, level: Int, _ empty: Pixel, _ pixel: (UnsafeBufferPointer<UInt16>, Int) -> Pixel
    ) throws -> Image<Pixel> {
        var image = Image(width: part.width, height: part.height, repeating: empty)
        for row in (part.y / tileSize)...((part.maxY - 1) / tileSize) {
            for column in (part.x / tileSize)...((part.maxX - 1) / tileSize) {
                guard let bytes = try tile(z: level, x: column, y: row) else { continue }
                let pixels = Image<Pixel>(width: tileSize, height: tileSize) { target in
                    bytes.withUnsafeBytes { bytes in
                        let samples = bytes.assumingMemoryBound(to: UInt16.self)
                        for index in target.indices { target[index] = pixel(samples, index) }
                    }
                }
                image.paste(pixels, at: (x: column * tileSize - part.x, y: row * tileSize - part.y))
            }
        }
        return image
    }
}

extension Image {
    /// Copies what of `tile`, with its corner at `origin`, lies inside.
    fileprivate mutating func paste(_ tile: Image, at origin: (x: Int, y: Int)) {
        let columns = max(0, -origin.x)..<max(max(0, -origin.x), min(tile.width, width - origin.x))
        let rows = max(0, -origin.y)..<max(max(0, -origin.y), min(tile.height, height - origin.y))
        guard !columns.isEmpty else { return }
        let width = width
        tile.withBuffer { source in
            withMutableBuffer { target in
                for row in rows {
                    let from = source[(row * tile.width + columns.lowerBound)..<(row * tile.width + columns.upperBound)]
                    let start = (origin.y + row) * width + origin.x + columns.lowerBound
                    _ = UnsafeMutableBufferPointer(rebasing: target[start..<(start + columns.count)]).update(from: from)
                }
            }
        }
    }
}
