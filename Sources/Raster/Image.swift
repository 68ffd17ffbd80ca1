/// Pixels in rows without gaps: (x, y) is element `y * width + x`, x to the right, y down, both from 0.
public struct Image<Pixel: Sendable & BitwiseCopyable>: Sendable {
    public let width: Int
    public let height: Int
    @usableFromInline var pixels: [Pixel]

    // Inlinable because pixel loops live in other targets: a call per pixel would cost hundreds of times the work.
    @inlinable public init(width: Int, height: Int, repeating pixel: Pixel) {
        precondition(width >= 0 && height >= 0, "image size \(width) × \(height) is negative")
        self.init(width: width, height: height) { $0.initialize(repeating: pixel) }
    }

    /// Takes the pixels as they are, row after row.
    @inlinable public init(width: Int, height: Int, pixels: [Pixel]) {
        precondition(width >= 0 && height >= 0 && pixels.count == width * height, "\(pixels.count) pixels are not \(width) × \(height)")
        (self.width, self.height) = (width, height)
        self.pixels = pixels
    }

    /// Makes room for the pixels without clearing it; `body` must write every one.
    @inlinable public init(
        width: Int, height: Int, writingAll body: (UnsafeMutableBufferPointer<Pixel>) throws -> Void
    ) rethrows {
        precondition(width >= 0 && height >= 0, "image size \(width) × \(height) is negative")
        let count = width * height
        (self.width, self.height) = (width, height)
        pixels = try Array(unsafeUninitializedCapacity: count) { buffer, written in
            if let start = buffer.baseAddress { adviseHugePages(start, byteCount: count * MemoryLayout<Pixel>.stride) }
            try body(UnsafeMutableBufferPointer(rebasing: buffer[0..<count]))
            written = count
        }
    }

    @inlinable public var isEmpty: Bool { width == 0 || height == 0 }
    @inlinable public var bounds: Rect { Rect(x: 0, y: 0, width: width, height: height) }

    /// One pixel, checked. For loops over many pixels take a row or `withPixels`.
    @inlinable public subscript(x: Int, y: Int) -> Pixel {
        get {
            precondition(x >= 0 && x < width && y >= 0 && y < height, "(\(x), \(y)) is outside \(width) × \(height)")
            return pixels[y * width + x]
        }
        set {
            precondition(x >= 0 && x < width && y >= 0 && y < height, "(\(x), \(y)) is outside \(width) × \(height)")
            pixels[y * width + x] = newValue
        }
    }

    /// All pixels as one span. Neighbourhood loops cut rows out of it, so that (x, y) is not checked for every pixel.
    @inlinable public func withPixels<R>(_ body: (Span<Pixel>) throws -> R) rethrows -> R {
        try body(pixels.span)
    }

    /// All pixels as one buffer; element (x, y) is `y * width + x`. Valid inside `body` only.
    @inlinable public func withBuffer<R>(_ body: (UnsafeBufferPointer<Pixel>) throws -> R) rethrows -> R {
        try pixels.withUnsafeBufferPointer(body)
    }

    /// All pixels as one mutable buffer; element (x, y) is `y * width + x`. Valid inside `body` only.
    @inlinable public mutating func withMutableBuffer<R>(_ body: (UnsafeMutableBufferPointer<Pixel>) throws -> R) rethrows -> R {
        try pixels.withUnsafeMutableBufferPointer { try body($0) }
    }

    /// Copy of the part inside `box`, which must lie inside the image.
    @inlinable public func cropped(to box: Rect) -> Image {
        precondition(bounds.contains(box), "box \(box) is outside \(width) × \(height)")
        return Image(width: box.width, height: box.height) { target in
            guard !box.isEmpty, let to = target.baseAddress else { return }
            withBuffer { source in
                guard let from = source.baseAddress else { return }
                // Whole rows by address: slices of buffers are copied pixel by pixel, which took a tenth of what measuring an object does.
                for row in 0..<box.height { (to + row * box.width).initialize(from: from + ((box.y + row) * width + box.x), count: box.width) }
            }
        }
    }
}

extension Image {
    /// Copy with `part` laid over it, its top left pixel at (x, y); it must lie inside the image.
    @inlinable public func replacing(x: Int, y: Int, with part: Image) -> Image {
        precondition(bounds.contains(Rect(x: x, y: y, width: part.width, height: part.height)), "\(part.width) × \(part.height) at (\(x), \(y)) is outside \(width) × \(height)")
        var result = self
        guard !part.isEmpty else { return result }
        result.withMutableBuffer { target in
            part.withBuffer { source in
                for row in 0..<part.height {
                    (target.baseAddress! + ((y + row) * width + x)).update(from: source.baseAddress! + row * part.width, count: part.width)
                }
            }
        }
        return result
    }
}

extension Image: Equatable where Pixel: Equatable {}

extension Image: Hashable where Pixel: Hashable {}

/// One integer per pixel, 0 = background.
public typealias LabelImage = Image<Int32>
