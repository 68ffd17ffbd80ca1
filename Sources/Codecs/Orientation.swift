import Raster

extension AnyImage {
    /// Picture turned upright from its EXIF or TIFF orientation: 1 as it is, 2 mirrored left-right, 3 half turn, 4 mirrored
    /// top-bottom, 5 transposed, 6 turned right, 7 transverse, 8 turned left. Other numbers count as 1.
    ///
    /// - Complexity: one pass over the pixels; orientation 1 copies nothing.
    package func upright(orientation: Int) -> AnyImage {
        guard (2...8).contains(orientation) else { return self }
        return switch self {
        case .gray8(let image): .gray8(image.upright(orientation))
        case .gray16(let image): .gray16(image.upright(orientation))
        case .color8(let image): .color8(image.upright(orientation))
        case .color16(let image): .color16(image.upright(orientation))
        }
    }
}

extension Image {
    /// - Parameter orientation: 2 to 8.
    func upright(_ orientation: Int) -> Image {
        let (w, h) = (width, height)
        guard !isEmpty else { return orientation >= 5 ? Image(width: h, height: w, pixels: []) : self }
        // Upright pixel (x, y) is stored at start + x * right + y * down.
        let (start, right, down): (Int, Int, Int)
        switch orientation {
        case 2: (start, right, down) = (w - 1, -1, w)
        case 3: (start, right, down) = (w * h - 1, -1, -w)
        case 4: (start, right, down) = ((h - 1) * w, 1, -w)
        case 5: (start, right, down) = (0, w, 1)
        case 6: (start, right, down) = ((h - 1) * w, -w, 1)
        case 7: (start, right, down) = (w * h - 1, -w, -1)
        default: (start, right, down) = (w - 1, w, -1)
        }
        let (newWidth, newHeight) = orientation >= 5 ? (h, w) : (w, h)
        return Image(width: newWidth, height: newHeight) { target in
            withBuffer { stored in
                // Bands of columns keep the stored rows of a turned picture in the cache.
                let band = 64
                for left in stride(from: 0, to: newWidth, by: band) {
                    for y in 0..<newHeight {
                        var from = start + y * down + left * right
                        for to in (y * newWidth + left)..<(y * newWidth + min(left + band, newWidth)) {
                            target[to] = stored[from]
                            from += right
                        }
                    }
                }
            }
        }
    }
}
