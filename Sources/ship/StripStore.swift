import Raster

/// Rows of an image in strips of equal height: in memory as far as the budget goes, the rest in a temporary file.
final class StripStore<Pixel: Sendable & BitwiseCopyable> {
    let width: Int
    let height: Int
    /// Rows of a strip; the last one may have fewer.
    let rows: Int
    private let budget: Int
    private var strips: [Image<Pixel>?] = []
    /// Where each strip lies in the file; nil while it has not been written.
    private var offsets: [Int?] = []
    private var file: TemporaryFile?
    private var bytesInMemory = 0
    /// No strip before this one is in memory.
    private var lowest = 0

    /// - Parameter budget: bytes of pixels to keep in memory; one strip is always kept.
    init(width: Int, height: Int, rows: Int, budget: Int) {
        (self.width, self.height, self.rows, self.budget) = (width, height, rows, budget)
    }

    var count: Int { strips.count }

    /// Adds the next strip. Over the budget it goes to the file when `toFile`; otherwise the oldest ones do.
    func append(_ strip: Image<Pixel>, toFile: Bool) throws {
        strips.append(nil)
        offsets.append(nil)
        let index = strips.count - 1
        if toFile, bytesInMemory + bytes(strip) > budget {
            offsets[index] = try write(strip)
        } else {
            try keep(strip, at: index)
        }
    }

    /// A strip, read back when it is not in memory.
    func strip(_ index: Int) throws -> Image<Pixel> {
        if let strip = strips[index] { return strip }
        guard let file, let offset = offsets[index] else { preconditionFailure("strip \(index) was released") }
        let strip = try Image<Pixel>(width: width, height: min(rows, height - index * rows)) {
            try file.read(into: UnsafeMutableRawBufferPointer($0), at: offset)
        }
        try keep(strip, at: index)
        return strip
    }

    /// Forgets the strips that end above `row`, which nobody will ask for again.
    func release(above row: Int) {
        while lowest < strips.count, (lowest + 1) * rows <= row {
            drop(lowest)
            lowest += 1
        }
    }

    /// Copy of the part inside `box`.
    func crop(_ box: Rect) throws -> Image<Pixel> {
        precondition(!box.isEmpty && Rect(x: 0, y: 0, width: width, height: height).contains(box), "box \(box) is outside \(width) × \(height)")
        return try Image(width: box.width, height: box.height) { target in
            for index in (box.y / rows)...((box.maxY - 1) / rows) {
                let top = index * rows
                try strip(index).withBuffer { source in
                    for y in max(box.y, top)..<min(box.maxY, top + rows) {
                        (target.baseAddress! + (y - box.y) * box.width).update(from: source.baseAddress! + (y - top) * width + box.x, count: box.width)
                    }
                }
            }
        }
    }

    private func keep(_ strip: Image<Pixel>, at index: Int) throws {
        while bytesInMemory > 0, bytesInMemory + bytes(strip) > budget {
            while strips[lowest] == nil { lowest += 1 }
            if offsets[lowest] == nil { offsets[lowest] = try write(strips[lowest]!) }
            drop(lowest)
        }
        strips[index] = strip
        bytesInMemory += bytes(strip)
        lowest = min(lowest, index)
    }

    private func drop(_ index: Int) {
        guard let strip = strips[index] else { return }
        bytesInMemory -= bytes(strip)
        strips[index] = nil
    }

    private func write(_ strip: Image<Pixel>) throws -> Int {
        let file = try self.file ?? TemporaryFile()
        self.file = file
        return try strip.withBuffer { try file.append(UnsafeRawBufferPointer($0)) }
    }

    private func bytes(_ strip: Image<Pixel>) -> Int { strip.width * strip.height * MemoryLayout<Pixel>.stride }
}
