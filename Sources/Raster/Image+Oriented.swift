extension Image {
    /// The stored picture turned upright by its EXIF or TIFF orientation.
    ///
    /// 1 as it is, 2 mirrored left-right, 3 half turn, 4 mirrored top-bottom, 5 transposed, 6 turned right, 7 transverse, 8 turned left.
    /// Other numbers count as 1, because damaged metadata must not block pixels.
    /// - Returns: width and height exchanged for 5 to 8.
    /// - Complexity: one pass over the pixels, in squares when rows become columns; 1 copies nothing.
    /// - Source: TIFF 6.0, tag Orientation; equals `ImageOps.exif_transpose` of Pillow.
    @inlinable public func oriented(_ orientation: Int) -> Image {
        guard (2...8).contains(orientation) else { return self }
        let (w, h) = (width, height)
        // Upright pixel (x, y) is stored at start + x · right + y · down.
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
            guard let to = target.baseAddress else { return }
            withBuffer { stored in
                let from = stored.baseAddress!
                // Rows of a square stay in the first-level cache while its columns are read.
                let side = orientation >= 5 ? 32 : max(newWidth, newHeight)
                for top in stride(from: 0, to: newHeight, by: side) {
                    for left in stride(from: 0, to: newWidth, by: side) {
                        let columns = min(side, newWidth &- left)
                        for y in top..<min(newHeight, top &+ side) {
                            let (source, row) = (from + (start &+ left &* right &+ y &* down), to + (y &* newWidth &+ left))
                            for x in 0..<columns { (row + x).initialize(to: source[x &* right]) }
                        }
                    }
                }
            }
        }
    }
}

extension AnyImage {
    /// The stored picture turned upright by its EXIF or TIFF orientation; see ``Image/oriented(_:)``.
    @inlinable public func oriented(_ orientation: Int) -> AnyImage {
        switch self {
        case .gray8(let image): .gray8(image.oriented(orientation))
        case .gray16(let image): .gray16(image.oriented(orientation))
        case .color8(let image): .color8(image.oriented(orientation))
        case .color16(let image): .color16(image.oriented(orientation))
        }
    }
}
