import Raster

/// The blocks of 64 pixels of a strip that hold anything of interest; elsewhere `fill` stands for the pixels.
struct PackedStrip<Pixel: Sendable & BitwiseCopyable> {
    private static var side: Int { 64 }
    private let width: Int
    private let height: Int
    private let fill: Pixel
    private let blocks: [Int32]
    private let pixels: [Pixel]

    /// nil where most of the strip is of interest, so that packing saves nothing.
    ///
    /// - Parameter runs: the pixels of interest, in coordinates of the strip.
    init?(_ strip: Image<Pixel>, keeping runs: [Run], fill: Pixel) {
        let (side, count) = (PackedStrip.side, strip.width * strip.height)
        guard runs.count < count / side / 2 else { return nil }
        var blocks: [Int32] = []
        for run in runs {
            let row = Int(run.y) * strip.width
            let first = (row + Int(run.first)) / side
            for block in max(first, Int(blocks.last ?? -1) + 1)..<max((row + Int(run.last)) / side + 1, Int(blocks.last ?? -1) + 1) { blocks.append(Int32(block)) }
        }
        guard blocks.count < count / side / 2 else { return nil }
        (width, height, self.fill, self.blocks) = (strip.width, strip.height, fill, blocks)
        pixels = strip.withBuffer { source in
            [Pixel](unsafeUninitializedCapacity: blocks.count * side) { target, written in
                for block in blocks {
                    let length = min(side, count - Int(block) * side)
                    (target.baseAddress! + written).initialize(from: source.baseAddress! + Int(block) * side, count: length)
                    written += length
                }
            }
        }
    }

    var byteCount: Int { pixels.count * MemoryLayout<Pixel>.stride + blocks.count * 4 }

    func unpacked() -> Image<Pixel> {
        let (side, count) = (PackedStrip.side, width * height)
        return Image(width: width, height: height) { target in
            target.initialize(repeating: fill)
            pixels.withUnsafeBufferPointer { source in
                for (index, block) in blocks.enumerated() {
                    (target.baseAddress! + Int(block) * side).update(from: source.baseAddress! + index * side, count: min(side, count - Int(block) * side))
                }
            }
        }
    }
}

/// Rows of an image in strips of equal height: in memory as far as the budget goes, the rest in a temporary file.
final class StripStore<Pixel: Sendable & BitwiseCopyable> {
    let width: Int
    let height: Int
    /// Rows of a strip; the last one may have fewer.
    let rows: Int
    private var budget: Int
    private var strips: [Image<Pixel>?] = []
    private var packed: [PackedStrip<Pixel>?] = []
    /// Where each strip lies in the file; nil while it has not been written.
    private var offsets: [Int?] = []
    private var file: TemporaryFile?
    private var bytesInMemory = 0
    /// Strips before this one have been released.
    private var lowest = 0

    /// - Parameter budget: bytes of pixels to keep in memory; one strip is always kept.
    init(width: Int, height: Int, rows: Int, budget: Int) {
        (self.width, self.height, self.rows, self.budget) = (width, height, rows, budget)
    }

    var count: Int { strips.count }

    /// Whether packed strips, which never go to the file, still have a place.
    var hasRoomForPacked: Bool { bytesInMemory < budget / 2 }

    /// Adds the next strip. Over the budget it goes to the file when `toFile`; otherwise the oldest ones do.
    func append(_ strip: Image<Pixel>, toFile: Bool) throws {
        let index = addPlace()
        if toFile, bytesInMemory + bytes(strip) > budget {
            offsets[index] = try write(strip)
        } else {
            try keep(strip, at: index)
        }
    }

    /// Adds the next strip as what is of interest in it, which stays in memory until it is released.
    func append(_ strip: PackedStrip<Pixel>) {
        packed[addPlace()] = strip
        bytesInMemory += strip.byteCount
    }

    private func addPlace() -> Int {
        strips.append(nil)
        packed.append(nil)
        offsets.append(nil)
        return strips.count - 1
    }

    /// A strip, read back or unpacked when it is not in memory.
    func strip(_ index: Int) throws -> Image<Pixel> {
        if let strip = strips[index] { return strip }
        if let strip = packed[index]?.unpacked() {
            try keep(strip, at: index)
            return strip
        }
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
            if let strip = packed[lowest] { bytesInMemory -= strip.byteCount }
            packed[lowest] = nil
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

    /// Lowers the budget, for when memory is needed for something else.
    func shrink(to bytes: Int) throws {
        budget = min(budget, bytes)
        try makeRoom(for: 0)
    }

    private func keep(_ strip: Image<Pixel>, at index: Int) throws {
        try makeRoom(for: bytes(strip))
        strips[index] = strip
        bytesInMemory += bytes(strip)
    }

    private func makeRoom(for bytes: Int) throws {
        var oldest = lowest
        while bytesInMemory + bytes > budget {
            while oldest < strips.count, strips[oldest] == nil { oldest += 1 }
            guard oldest < strips.count else { break }
            if offsets[oldest] == nil, packed[oldest] == nil { offsets[oldest] = try write(strips[oldest]!) }
            drop(oldest)
        }
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
